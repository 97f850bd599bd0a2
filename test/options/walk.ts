/** Every option below a schema that says as data what it takes: numbers, texts, or an object with options or names below. */
import type { Span } from '../../src/validation/schema-pieces.js'

/** What is read of a schema. */
interface Walked {
  type: string
  message?: string
  literal?: unknown
  wrapped?: Walked
  forms?: readonly Walked[]
  pipe?: readonly Walked[]
  item?: Walked
  value?: Walked
  entries?: Record<string, Walked>
  rest?: Walked
  spans?: Span[]
  values?: readonly string[]
}

export interface Found {
  /** As issues write it. */
  path: string
  expected: string
  spans: readonly Span[]
  values: readonly string[]
  isObject: boolean
  /** Options beside it, or above, without which its group is not complete. */
  beside: [path: string, value: unknown][]
}

/** Options that a group cannot do without. */
const required: Record<string, unknown> = { dir: 'evidence', afterMs: 1, forMs: 1, when: {}, do: 'stop', limit: 1, per: 'hour' }

export function* walk(of: unknown, path: string, beside: Found['beside'] = []): Generator<Found> {
  const schema = of as Walked
  if (schema.entries || schema.type === 'record') yield { path, expected: '', spans: [], values: [], isObject: true, beside }
  if (schema.type === 'optional') yield* walk(schema.wrapped, path, beside)
  else if (schema.spans || schema.values) {
    yield { path, expected: schema.message ?? '', spans: schema.spans ?? [], values: schema.values ?? [], isObject: false, beside }
  } else if (schema.forms) {
    const lists = schema.forms.filter(({ type, item }) => type === 'array' && item && schema.forms?.includes(item))
    for (const form of schema.forms) if (!lists.includes(form)) yield* walk(form, path, beside)
  } else if (schema.entries) yield* walkEntries(schema.entries, path, beside)
  else if (schema.pipe) for (const part of schema.pipe) yield* walk(part, path, beside)
  else if (schema.type === 'array') yield* walk(schema.item, `${path}[0]`, beside)
  else if (schema.type === 'record') yield* walk(schema.value, `${path}.${path === 'quotas' ? 'key-1' : 'any'}`, beside)
  if (schema.rest) yield* walk(schema.rest, `${path}.requests`, beside)
}

function* walkEntries(entries: Record<string, Walked>, path: string, beside: Found['beside']): Generator<Found> {
  const at = (key: string) => (path === '' ? key : `${path}.${key}`)
  const own = Object.entries(entries).flatMap(([key, { type, literal }]): Found['beside'] => {
    if (type === 'literal') return [[at(key), literal]]
    return type !== 'optional' && key in required ? [[at(key), required[key]]] : []
  })
  for (const [key, entry] of Object.entries(entries)) yield* walk(entry, at(key), [...beside, ...own.filter(([name]) => name !== at(key))])
}
