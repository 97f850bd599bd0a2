// @ts-check
import { defineWorker, TaskError } from 'drover/worker'

/** @type {Record<string, Record<string, RegExp>>} */
const rules = {
  urgency: { high: /\b(now|asap|urgent|immediately|down|today)\b/i, low: /\b(whenever|no hurry|someday|next month)\b/i },
  topic: { billing: /\b(invoice|refund|charged|payment)\b/i, access: /\b(password|log ?in|locked|account)\b/i },
}

export default defineWorker({
  setup: (ctx) => Object.entries(rules[ctx.domain] ?? {}),
  process: (/** @type {import('drover/worker').Task<{ text: string }>} */ { data }, ctx) => {
    if (!data.text) throw new TaskError('EMPTY', { retry: false })
    const [label = 'other'] = ctx.state.find(([, pattern]) => pattern.test(data.text)) ?? []
    return { label }
  },
})
