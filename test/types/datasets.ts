/** What a system knows of the types of its datasets. Compiled, never run. */
import { createDrover, type Drover, type ItemOf, type Result, type ResultOf, showProgress } from 'drover'
import { same } from './same.js'
import type { transforming, valibotWorker, zodWorker } from './workers.js'

type Datasets = { mails: typeof zodWorker; texts: typeof zodWorker | typeof transforming }
const drover = await createDrover<Datasets>({ store: ':memory:', workers: [] })

// Items fit the worker of their dataset, with more fields, such as the key.
await drover.load('mails', [{ id: 'a', text: 'hello' }], { key: ({ id }) => id })
await drover.load('texts', [{ id: 1, text: 'hello', sent: '2026-01-01', lang: 'en' }], { key: ({ id }) => id })
async function* lines(): AsyncGenerator<{ line: number; text: string }> {
  yield { line: 1, text: 'hello' }
}
await drover.load('mails', lines(), { key: ({ line }) => line })
const kept: ItemOf<typeof zodWorker>[] = [{ text: 'hello' }]
await drover.load('mails', kept, { key: (_, position) => position })
// @ts-expect-error the text is missing
await drover.load('mails', [{ id: 'a' }])
// @ts-expect-error the text is a number
await drover.load('mails', [{ id: 'a', text: 5 }])
// @ts-expect-error the second worker of the dataset needs more
await drover.load('texts', [{ id: 'a', text: 'hello' }])
// @ts-expect-error there is no such language
await drover.load('texts', [{ id: 'a', text: 'hello', sent: '2026-01-01', lang: 'fr' }])
// @ts-expect-error there is no such dataset
await drover.load('mail', [{ id: 'a', text: 'hello' }])

// Results have the type of their dataset; without one, that of any; by hand, what is said.
for await (const { value } of drover.results({ dataset: 'mails', limit: 5 })) same<typeof value, { label: 'yes' | 'no' }>()
for await (const { value } of drover.results({ dataset: 'texts' })) same<typeof value, { label: 'yes' | 'no' } | number>()
for await (const { value } of drover.results()) same<typeof value, { label: 'yes' | 'no' } | number>()
for await (const { value } of drover.results({ domain: 'urgent' })) same<typeof value, { label: 'yes' | 'no' } | number>()
for await (const { value } of drover.results<ResultOf<typeof valibotWorker>>({ domain: 'urgent' })) {
  same<typeof value, { label: 'yes' | 'no' }>()
}
for await (const { value } of drover.results({ dataset: 'mails' })) {
  // @ts-expect-error there is no such label
  if (value.label === 'maybe') break
}

// A system with types is a system.
export const plain: Drover = drover
showProgress(drover)
await drover.run({ onDone: () => drover.export('labels.jsonl') })

// Without types all is as it was: any dataset, any item, and what is said of results.
const untyped = await createDrover({ store: ':memory:', workers: [] })
same<typeof untyped, Drover>()
same<Awaited<ReturnType<typeof createDrover>>, Drover>()
await untyped.load('any', [1, 2, 3], { key: (item) => item })
await untyped.load<{ id: string }>('any', [{ id: 'a' }], { key: ({ id }) => id })
const named: string = Math.random() > 0.5 ? 'a' : 'b'
await untyped.load(named, new Set(['a']), { key: (item) => item })
for await (const { value } of untyped.results()) same<typeof value, unknown>()
for await (const { value } of untyped.results({ dataset: 'any' })) same<typeof value, unknown>()
for await (const { value } of untyped.results<{ label: string }>({ dataset: 'any' })) same<typeof value, { label: string }>()
for await (const { value } of untyped.results<'yes' | 'no'>()) same<typeof value, 'yes' | 'no'>()
async function collect<Row>(rows: AsyncIterable<Row>): Promise<Row[]> {
  const all: Row[] = []
  for await (const row of rows) all.push(row)
  return all
}
export const collected: Result<{ turns: number }>[] = await collect<Result<{ turns: number }>>(untyped.results({ dataset: 'any' }))
export async function values<Value>(system: Drover): Promise<Value[]> {
  return (await collect(system.results<Value>())).map(({ value }) => value)
}
// By the type of a variable, as in JavaScript.
export const said: Drover<Datasets> = await createDrover({ store: ':memory:', workers: [] })
