/** Requests made at random out of what the OpenAPI document says an operation takes: good ones, and ones with something wrong. */
import fc from 'fast-check'
import type { Described, Document } from './support.js'

type Schema = Record<string, unknown> & {
  $ref?: string
  type?: string | string[]
  enum?: unknown[]
  properties?: Record<string, Schema>
  required?: string[]
  items?: Schema
  anyOf?: Schema[]
  additionalProperties?: Schema | boolean
}

export interface Call {
  method: string
  path: string
  /** As text; undefined: none. */
  body: string | undefined
  headers: Record<string, string>
}

/** What must stay small, or the test would wait for it. */
const small: Record<string, fc.Arbitrary<unknown>> = {
  ms: fc.integer({ min: 1, max: 20 }),
  drainMs: fc.integer({ min: 0, max: 50 }),
  retryAfterMs: fc.integer({ min: 0, max: 50 }),
}

const nasty = fc.constantFrom(
  '__proto__',
  'constructor',
  '../../etc/passwd',
  "'; DROP TABLE item; --",
  '<script>',
  '\u0000',
  '%',
  '%2F',
  '🙂',
  'a'.repeat(501),
  ' ',
)
const text = (names: readonly string[]) =>
  fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...names) }, { weight: 2, arbitrary: fc.string() }, nasty)
/** Numbers that do no harm where they happen to be good. */
const anything = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }).map((value) => (typeof value === 'number' && value > 50 ? -value : value)),
  nasty,
)

export class Requests {
  readonly #document: Document
  readonly #text: fc.Arbitrary<string>
  readonly #names: readonly string[]

  /** @param names that mean something: ids, keys, quotas */
  constructor(document: Document, names: readonly string[]) {
    this.#document = document
    this.#names = names
    this.#text = text(names)
  }

  /** Calls of one operation. */
  of(method: string, path: string, { parameters = [], requestBody }: Described): fc.Arbitrary<Call> {
    const inPath = Object.fromEntries([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => [name as string, this.#segment()]))
    const query = parameters.filter((each) => each.in === 'query')
    const goodQuery = fc.record(
      Object.fromEntries(query.map(({ name, schema }) => [name, this.value(schema as Schema, name).map(String)])),
      {
        requiredKeys: query.filter(({ required }) => required).map(({ name }) => name),
      },
    )
    const badQuery = fc.tuple(
      goodQuery,
      fc.dictionary(fc.oneof(fc.constantFrom('x', ...query.map(({ name }) => name)), nasty), this.#text, { maxKeys: 2 }),
    )
    const schema = requestBody?.content['application/json']?.schema as Schema | undefined
    const goodBody = schema ? this.value(schema).map((value) => JSON.stringify(value)) : fc.constant(undefined)
    const badBody = fc.oneof(
      anything.map((value) => JSON.stringify(value)),
      goodBody.map((body) => body?.slice(0, -1) ?? ''),
      fc.tuple(goodBody, anything).map(([body, value]) => JSON.stringify({ ...(JSON.parse(body ?? '{}') as object), more: value })),
      this.#spoilt(schema),
    )
    return fc
      .record({
        params: fc.record(inPath),
        query: fc.oneof(
          { weight: 3, arbitrary: goodQuery },
          badQuery.map(([good, bad]) => ({ ...good, ...bad })),
        ),
        body: schema ? fc.oneof({ weight: 3, arbitrary: goodBody }, badBody) : fc.constant(undefined),
        type: fc.constantFrom('application/json', 'application/json', 'application/json', 'text/plain'),
        range: fc.constantFrom(undefined, 'rows=0-3', 'rows=9-', 'rows=5-1', 'bytes=0-1', 'rows=999999999999999-'),
      })
      .map(({ params, query, body, type, range }) => {
        const filled = path.replace(/\{(\w+)\}/g, (_all, name: string) => encodeURIComponent(params[name] as string))
        const search = new URLSearchParams(query as Record<string, string>).toString()
        return {
          method: method.toUpperCase(),
          path: search === '' ? filled : `${filled}?${search}`,
          body,
          headers: { ...(body !== undefined && { 'content-type': type }), ...(range && { range }) },
        }
      })
  }

  /** Values that a schema allows. */
  value(schema: Schema, name = ''): fc.Arbitrary<unknown> {
    const kept = small[name]
    if (kept) return kept
    if (schema.$ref) return this.value(this.#document.components.schemas[schema.$ref.split('/').at(-1) as string] as Schema, name)
    if ('const' in schema) return fc.constant(schema.const)
    if (schema.enum) return fc.constantFrom(...schema.enum)
    if (schema.anyOf) return fc.oneof(...schema.anyOf.map((each) => this.value(each, name)))
    switch ([schema.type].flat()[0]) {
      case 'object':
        return this.#object(schema)
      case 'array':
        return fc.array(this.value(schema.items ?? {}, name), { minLength: Math.min(1, Number(schema.minItems ?? 0)), maxLength: 3 })
      case 'integer':
      case 'number':
        return this.#number(schema)
      case 'boolean':
        return fc.boolean()
      case 'null':
        return fc.constant(null)
      case 'string':
        return this.#string(schema, name)
      default:
        return anything
    }
  }

  #object({ properties = {}, required = [], additionalProperties }: Schema): fc.Arbitrary<unknown> {
    const known = fc.record(Object.fromEntries(Object.entries(properties).map(([name, each]) => [name, this.value(each, name)])), {
      requiredKeys: required,
    })
    if (typeof additionalProperties !== 'object') return known
    const more = fc.dictionary(fc.constantFrom('requests', 'tokens', 'few', ...this.#names), this.value(additionalProperties), {
      maxKeys: 2,
    })
    return fc.tuple(known, more).map(([a, b]) => ({ ...b, ...(a as object) }))
  }

  #number({ minimum, maximum, type }: Schema & { minimum?: number; maximum?: number }): fc.Arbitrary<number> {
    const min = minimum ?? -3
    const around = fc.integer({ min, max: Math.min(Number(maximum ?? 1_000), min + 1_000) })
    return type === 'integer' ? around : fc.oneof({ weight: 4, arbitrary: around }, fc.double({ min, max: min + 1_000, noNaN: true }))
  }

  #string({ pattern }: Schema & { pattern?: string }, name: string): fc.Arbitrary<string> {
    if (name === 'confirmation') return fc.constantFrom('CONFIRM', 'confirm', '')
    return pattern === undefined ? this.#text : fc.stringMatching(new RegExp(pattern), { maxLength: 60 })
  }

  /** A body with one of its values replaced. */
  #spoilt(schema: Schema | undefined): fc.Arbitrary<string> {
    const names = Object.keys(schema?.properties ?? { x: {} })
    const good = schema ? this.value(schema) : fc.constant({})
    return fc
      .tuple(good, fc.constantFrom(...(names.length > 0 ? names : ['x'])), anything)
      .map(([body, name, value]) => JSON.stringify({ ...(body as object), [name]: value }))
  }

  /** One segment of a path: `.` and `..` are not for a client to send. */
  #segment(): fc.Arbitrary<string> {
    return this.#text.filter((one) => one !== '' && one !== '.' && one !== '..')
  }
}
