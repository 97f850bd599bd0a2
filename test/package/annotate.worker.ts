// A user's worker module, type-checked against the packed package. Never run.
import { defineWorker, TaskError } from 'drover/worker'

interface Message {
  text: string
}

export default defineWorker<Message, { label: string }, { model: string }>({
  setup: async () => ({ model: 'small' }),
  process: async (task, ctx) => {
    if (task.data.text === '') throw new TaskError('EMPTY', { retry: false })
    ctx.progress()
    return { label: `${ctx.state.model} ${task.data.text.length} ${ctx.signal.aborted}` }
  },
})

// @ts-expect-error what process returns is not what was declared
export const wrong = defineWorker<Message, { label: string }>({ process: () => 5 })
