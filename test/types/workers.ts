/** What `defineWorker` makes of schemas, of type parameters, and of code without either. Compiled, never run. */
import { type } from 'arktype'
import type { InputOf, ItemOf, ResultOf } from 'drover'
import { type DefinedWorker, defineWorker, type Task, type WorkerContext, type WorkerDefinition } from 'drover/worker'
import * as v from 'valibot'
import { z } from 'zod'
import { same } from './same.js'

// The literals of an enum are asked of what process returns, and kept.
const zodLabel = z.object({ label: z.enum(['yes', 'no']) })
export const zodWorker = defineWorker({
  input: z.object({ text: z.string() }),
  output: zodLabel,
  process: (task) => {
    same<typeof task.data, { text: string }>()
    return { label: task.data.text.endsWith('?') ? 'yes' : 'no' }
  },
})
same<ItemOf<typeof zodWorker>, { text: string }>()
same<ResultOf<typeof zodWorker>, { label: 'yes' | 'no' }>()
// @ts-expect-error 'maybe' is not in the enum
defineWorker({ output: zodLabel, process: () => ({ label: 'maybe' }) })
// @ts-expect-error nor from a promise
defineWorker({ output: zodLabel, process: async () => ({ label: 'maybe' }) })
// @ts-expect-error a result is needed
defineWorker({ output: zodLabel, process: () => {} })
// @ts-expect-error nothing fits but the schema
defineWorker({ output: zodLabel, process: (task) => ({ label: task.key }) })

const valibotLabel = v.object({ label: v.picklist(['yes', 'no']) })
export const valibotWorker = defineWorker({
  input: v.object({ text: v.string() }),
  output: valibotLabel,
  process: async (task, ctx) => {
    same<typeof task.data, { text: string }>()
    same<typeof ctx.input, unknown>()
    return { label: task.data.text.endsWith('?') ? 'yes' : 'no' }
  },
})
same<ItemOf<typeof valibotWorker>, { text: string }>()
same<ResultOf<typeof valibotWorker>, { label: 'yes' | 'no' }>()
// @ts-expect-error 'maybe' is not in the list
defineWorker({ output: valibotLabel, process: () => ({ label: 'maybe' }) })

const arkLabel = type({ label: "'yes' | 'no'" })
export const arkWorker = defineWorker({
  input: type({ text: 'string' }),
  output: arkLabel,
  process: (task) => ({ label: task.data.text.endsWith('?') ? 'yes' : 'no' }),
})
same<ItemOf<typeof arkWorker>, { text: string }>()
same<ResultOf<typeof arkWorker>, { label: 'yes' | 'no' }>()
// @ts-expect-error 'maybe' is not in the union
defineWorker({ output: arkLabel, process: () => ({ label: 'maybe' }) })

// A schema that transforms has two sides: items and returned values fit its input, process and the results get its output.
const length = z.string().transform((text) => text.length)
export const transforming = defineWorker({
  input: z.object({ sent: z.string().transform((text) => new Date(text)), lang: z.enum(['en', 'de']).default('en') }),
  output: length,
  setup: async (ctx) => ({ id: ctx.id, big: 5 }),
  process: async (task, ctx) => {
    same<typeof task.data, { sent: Date; lang: 'en' | 'de' }>()
    same<typeof ctx.state, { id: string; big: number }>()
    return task.data.sent.toISOString()
  },
})
same<ItemOf<typeof transforming>, { sent: string; lang?: 'en' | 'de' | undefined }>()
same<ResultOf<typeof transforming>, number>()
// @ts-expect-error process returns what the schema takes, not what it makes
defineWorker({ output: length, process: () => 5 })
const valibotLength = v.pipe(
  v.string(),
  v.transform((text) => text.length),
)
const valibotTransforming = defineWorker({ output: valibotLength, process: () => 'text' })
same<ResultOf<typeof valibotTransforming>, number>()
// @ts-expect-error as with zod
defineWorker({ output: valibotLength, process: () => 5 })

// A list that is returned as it is written may be one that the schema changes.
export const lists = defineWorker({
  output: z.object({ tags: z.array(z.enum(['a', 'b'])), pair: z.tuple([z.number(), z.string()]) }),
  process: () => ({ tags: ['a', 'b'], pair: [1, 'one'] }),
})
same<ResultOf<typeof lists>, { tags: ('a' | 'b')[]; pair: [number, string] }>()

// The schema of the worker's input gives ctx its type, in setup too.
export const configured = defineWorker({
  workerInput: z.object({ model: z.string(), temperature: z.number().default(0) }),
  setup: (ctx) => {
    same<typeof ctx.input, { model: string; temperature: number }>()
    return ctx.input.model
  },
  process: (_, ctx) => {
    same<typeof ctx.input, { model: string; temperature: number }>()
    same<typeof ctx.state, string>()
    return ctx.state
  },
  teardown: (ctx) => same<typeof ctx.input.temperature, number>(),
})
same<InputOf<typeof configured>, { model: string; temperature?: number | undefined }>()
export const looping = defineWorker({ workerInput: v.object({ port: v.number() }), run: (ctx) => ctx.input.port.toFixed() })
same<InputOf<typeof looping>, { port: number }>()
// @ts-expect-error there is no such input
defineWorker({ workerInput: v.object({ port: v.number() }), run: (ctx) => ctx.input.host })

// Without schemas: from what process takes and returns, as JSON keeps it; a set is refused, so there is none to read.
export const bare = defineWorker({
  process: (task: Task<{ text: string }>) => ({
    label: task.data.text === '' ? 'empty' : 'full',
    at: new Date(),
    length: task.data.text.length,
    left: undefined,
    own: Math.random() > 0.5 ? 1 : undefined,
    call: () => 5,
    seen: new Set([1]),
  }),
})
same<ItemOf<typeof bare>, { text: string }>()
same<ResultOf<typeof bare>, { label: 'empty' | 'full'; at: string; length: number; own: 1 | undefined; seen: never }>()
const nothing = defineWorker({
  process: (task, ctx) => {
    same<typeof task.data, unknown>()
    same<typeof ctx.input, unknown>()
    same<typeof ctx.state, unknown>()
  },
})
same<ItemOf<typeof nothing>, unknown>()
same<ResultOf<typeof nothing>, null>()
same<InputOf<typeof nothing>, unknown>()

// A schema that takes anything says nothing, and lets no any through.
const anything = defineWorker({
  input: z.any(),
  output: v.any(),
  process: (task) => {
    same<typeof task.data, unknown>()
    return JSON.parse('{}')
  },
})
same<ItemOf<typeof anything>, unknown>()
same<ResultOf<typeof anything>, unknown>()

// By hand.
export const byHand = defineWorker<{ text: string }, { label: string; tags: string[] }, { model: string }, { key: string }>({
  setup: async (ctx) => ({ model: ctx.input.key }),
  process: async (task, ctx) => ({ label: task.data.text + ctx.state.model, tags: [] }),
})
same<ItemOf<typeof byHand>, { text: string }>()
same<ResultOf<typeof byHand>, { label: string; tags: string[] }>()
same<InputOf<typeof byHand>, { key: string }>()
// @ts-expect-error what process returns is not what was declared
defineWorker<{ text: string }, { label: string }>({ process: () => 5 })
// @ts-expect-error the schema makes something else than was declared
defineWorker<{ text: string }>({ input: z.object({ n: z.number() }), process: (task) => task.data.text })
// With a schema that takes more than it makes.
defineWorker<{ n: number }, { label: string }>({
  input: z.object({ n: z.coerce.number() }),
  output: z.object({ label: z.string().default('none') }),
  process: (task) => ({ label: task.data.n.toFixed() }),
})

// A definition that was made apart.
const definition: WorkerDefinition<{ n: number }, { label: string }, null, { how: string }> = {
  setup: () => null,
  process: (task, ctx) => ({ label: task.data.n + ctx.input.how }),
}
const apart = defineWorker(definition)
same<ItemOf<typeof apart>, { n: number }>()
same<ResultOf<typeof apart>, { label: string }>()
same<InputOf<typeof apart>, { how: string }>()
const context = (ctx: WorkerContext<number, { key: string }>) => ctx.input.key
const annotated = defineWorker({ setup: () => 1, process: (_: Task, ctx: WorkerContext<number, { key: string }>) => context(ctx) })
same<InputOf<typeof annotated>, { key: string }>()

// Any worker is a worker; an item for several of them fits them all.
export const all: DefinedWorker[] = [zodWorker, transforming, lists, configured, looping, bare, nothing, byHand, apart]
const first = defineWorker({ input: z.object({ text: z.string() }), process: (task) => task.data.text.length })
const second = defineWorker({ input: z.object({ lang: z.string() }), process: (task) => task.data.lang })
same<ItemOf<typeof first | typeof second>, { text: string } & { lang: string }>()
same<ResultOf<typeof first | typeof second>, string | number>()
