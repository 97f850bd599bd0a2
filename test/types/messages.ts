/** The types of messages: an interface says what is asked and told, and what comes back. Compiled, never run. */
import type { Ask, Drover, Tell } from 'drover'
import { defineWorker, type Handlers, type WorkerContext } from 'drover/worker'
import { same } from './same.js'

interface Embedder {
  embed: Ask<{ text: string }, number[]>
  size: Ask<undefined, number>
  warm: Tell<{ model: string }>
}

export default defineWorker({
  setup: () => new Map<string, number[]>(),
  receive: {
    embed: async ({ text }, ctx, { signal, from }) => {
      same<typeof text, string>()
      same<typeof signal, AbortSignal>()
      same<typeof from, string | null>()
      return ctx.state.get(text) ?? []
    },
    size: () => 3,
    warm: ({ model }) => model,
  } satisfies Handlers<Embedder, Map<string, number[]>>,
})

// @ts-expect-error a handler is missing
export const missing: Handlers<Embedder> = { embed: () => [], size: () => 1 }
// @ts-expect-error the reply is another one
export const wrong: Handlers<Embedder> = { embed: () => 'no', size: () => 1, warm: () => {} }

export async function inWorker(ctx: WorkerContext): Promise<void> {
  const embedder = ctx.find<Embedder>('embedder')
  const vector = await embedder.ask('embed', { text: 'good' }, { timeoutMs: 5 })
  same<typeof vector, number[]>()
  const size = await embedder.ask('size')
  same<typeof size, number>()
  await embedder.tell('warm', { model: 'small' })
  // @ts-expect-error it has no reply
  await embedder.ask('warm', { model: 'small' })
  // @ts-expect-error it has a reply
  await embedder.tell('embed', { text: 'good' })
  // @ts-expect-error no such message
  await embedder.ask('other')
  // @ts-expect-error the body is missing
  await embedder.ask('embed')
  const any = await ctx.find('embedder').ask('whatever', 1)
  same<typeof any, unknown>()
}

export async function inProgram(drover: Drover): Promise<void> {
  const vector = await drover.worker<Embedder>('embedder').ask('embed', { text: 'good' })
  same<typeof vector, number[]>()
  await drover.worker('embedder').tell('whatever')
}
