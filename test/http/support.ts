/** The API over real HTTP, with its answers held against the OpenAPI document. */
import { Ajv2020 } from 'ajv/dist/2020.js'
import * as assert from 'uvu/assert'
import type { Drover } from '../../src/drover/drover.js'
import type { ServeOptions } from '../../src/http.js'
import { type Answer, ask, closeServers, serve } from '../support/status.js'
import { cleanUp } from '../support/system.js'

/** To be run after each test. */
export async function cleanUpServers(): Promise<void> {
  await closeServers()
  await cleanUp()
}

export interface Described {
  operationId: string
  parameters?: { in: string; name: string; required?: boolean; schema: Record<string, unknown> }[]
  requestBody?: { content: Record<string, { schema: Record<string, unknown> }> }
  responses: Record<string, { content?: Record<string, { schema?: Record<string, unknown> }> }>
}

export interface Document {
  openapi: string
  paths: Record<string, Record<string, Described>>
  components: { schemas: Record<string, Record<string, unknown>> }
  servers: { url: string }[]
}

/** What a document says, ready to be asked. */
class Description {
  readonly document: Document
  readonly #ajv: Ajv2020
  readonly #patterns: { method: string; pattern: RegExp; operation: Described; pointer: string; fixed: number }[]

  constructor(document: Document) {
    this.document = document
    this.#ajv = new Ajv2020({ strict: false, allErrors: true })
    this.#ajv.addFormat('date-time', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/)
    this.#ajv.addSchema(document, 'document')
    this.#patterns = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        method: method.toUpperCase(),
        pattern: new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}$`),
        operation,
        pointer: `document#/paths/${path.replaceAll('~', '~0').replaceAll('/', '~1').replaceAll('{', '%7B').replaceAll('}', '%7D')}/${method}`,
        fixed: path.replace(/\{\w+\}/g, '').length,
      })),
    )
    // A path that is spelt out comes before one with parameters.
    this.#patterns.sort((a, b) => b.fixed - a.fixed)
  }

  /** That the document describes the status, and the body has the form that it says. */
  check(method: string, path: string, status: number, type: string, body: unknown): void {
    const bare = path.split('?')[0] ?? ''
    const found = this.#patterns.find((each) => each.method === method && each.pattern.test(bare))
    assert.ok(found, `${method} ${bare} is not in the document`)
    const described = found.operation.responses[status]
    assert.ok(described, `${method} ${path} answered ${status}, which is not in the document: ${JSON.stringify(body)?.slice(0, 500)}`)
    if (!described.content) return
    const media = described.content[type]
    assert.ok(media, `${method} ${path} answered ${type}, the document says ${Object.keys(described.content)}`)
    const pointer = `${found.pointer}/responses/${status}/content/${type.replace('/', '~1')}/schema`
    const valid = this.#ajv.getSchema(pointer)
    assert.ok(valid, `no schema at ${pointer}`)
    for (const each of type === 'application/jsonl' ? (body as unknown[]) : [body]) {
      const fits = valid(each)
      assert.ok(fits, `${method} ${path} ${status}: ${this.#ajv.errorsText(valid.errors)} in ${JSON.stringify(each)?.slice(0, 800)}`)
    }
  }
}

/** A client that refuses answers which the document does not describe. */
export class Api {
  readonly url: string
  readonly #description: Description

  constructor(url: string, description: Description) {
    this.url = url
    this.#description = description
  }

  get document(): Document {
    return this.#description.document
  }

  get = (path: string, headers: Record<string, string> = {}): Promise<Answer> => this.call('GET', path, undefined, headers)
  post = (path: string, body?: unknown): Promise<Answer> => this.call('POST', path, body)

  /** @param body sent as JSON; a text as it is */
  async call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const answer = await ask(this, path, { method, body, headers })
    const type = answer.headers.get('content-type')?.split(';')[0] ?? ''
    const parsed: unknown = type === 'application/jsonl' ? linesOf(answer.body) : answer.body
    this.#description.check(method, path, answer.status, type, parsed)
    return { ...answer, body: parsed }
  }

  check(...answer: Parameters<Description['check']>): void {
    this.#description.check(...answer)
  }
}

const linesOf = (text: string): unknown[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown)

/** To make a document takes a second: those of servers with the same options are the same. */
const descriptions = new Map<string, Description>()

/** Serves a system, and hands out a client of it. */
export async function serveApi(system: Drover, options: ServeOptions = {}): Promise<Api> {
  const { url } = await serve(system, options)
  const key = JSON.stringify(options)
  let description = descriptions.get(key)
  if (!description) {
    const headers = options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }
    description = new Description((await (await fetch(`${url}/api/openapi.json`, { headers })).json()) as Document)
    descriptions.set(key, description)
  }
  return new Api(url, description)
}
