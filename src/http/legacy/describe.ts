/** How the old paths are described, read and answered. */
import type { Context, MiddlewareHandler } from 'hono'
import { describeRoute, resolver, validator } from 'hono-openapi'
import * as v from 'valibot'
import { isRecord } from '../../validation/schema-pieces.js'
import { refuse } from '../base/errors.js'
import type { Env } from '../base/request-env.js'
import { errorAnswer } from '../contract/common.js'

const refusals = {
  400: 'The input is invalid, or the confirmation word is missing',
  401: 'No access: a token is missing or wrong',
  403: 'The caller or its origin may not do this',
  404: 'There is no such worker',
  409: 'Not possible in the current state',
  413: 'The body is too large',
  421: 'The host name of the request is not known here',
  429: 'Too many attempts with a wrong token',
  500: 'drover failed',
  503: 'The system is closing, or its store is gone',
  504: 'It took too long',
} as const

const looks = [400, 401, 403, 404, 421, 429, 500, 503] as const
const acts = [...looks, 409, 413, 504].sort() as (keyof typeof refusals)[]

interface Described {
  id: string
  summary: string
  answer: v.GenericSchema
  /** Of calls that change something. */
  body?: v.GenericSchema
  /** The media types of an answer that is a file, beside JSON. */
  files?: readonly string[]
}

const json = (schema: v.GenericSchema) => ({ 'application/json': { schema: resolver(schema, { options: { errorMode: 'ignore' } }) } })

const aFile = { schema: resolver(v.string()) }

/** The answer as it is, or wrapped. */
const wrappable = (answer: v.GenericSchema) =>
  v.union([
    answer,
    v.object({ success: v.literal(true), data: answer, message: v.optional(v.string()), timestamp: v.pipe(v.string(), v.isoTimestamp()) }),
  ])

const describe = (
  { id, summary, answer, body, files = [] }: Described,
  tag: string,
  statuses: readonly (keyof typeof refusals)[],
): MiddlewareHandler =>
  describeRoute({
    operationId: id,
    tags: [tag],
    summary,
    description:
      'As in the system before drover. Wrapped as `{ success, data, timestamp }` with `?envelope=1` or the header `x-envelope: 1`.',
    ...(body && { requestBody: { required: false, content: json(body) } }),
    responses: {
      200: { description: 'Done', content: { ...json(wrappable(answer)), ...Object.fromEntries(files.map((type) => [type, aFile])) } },
      ...Object.fromEntries(statuses.map((status) => [status, { description: refusals[status], content: json(errorAnswer) }])),
    },
  })

export const monitoring = (described: Described): MiddlewareHandler => describe(described, 'Monitoring (old clients)', looks)
export const controlling = (described: Described): MiddlewareHandler => describe(described, 'Control (old clients)', acts)

// valibot quotes the value, which may be a secret.
const plain = (message: string): string => message.replace(/ but received .*$/s, '')

type Issues = readonly { path?: readonly unknown[] | undefined; message: string }[]

function invalid(issues: Issues) {
  const found = issues.map(({ path = [], message }) => ({
    path: path.map((part) => String(typeof part === 'object' && part !== null && 'key' in part ? part.key : part)).join('.'),
    message: plain(message),
  }))
  const first = found[0]
  const message = first ? `${first.path || 'the input'}: ${first.message}` : 'the input is not valid'
  return refuse('VALIDATION_FAILED', message, { details: { issues: found } })
}

const hook = (result: { success: boolean; error?: Issues }): void => {
  if (result.error) throw invalid(result.error)
}

export const query = <Schema extends v.GenericSchema>(schema: Schema) =>
  validator<Schema, 'query', Env, string>('query', schema, hook, { options: { errorMode: 'ignore' } } as never)

export const path = <Schema extends v.GenericSchema>(schema: Schema) => validator<Schema, 'param', Env, string>('param', schema, hook)

/** The JSON body; an empty one means `{}`. Old clients do not always send the content type. */
export async function bodyOf<Schema extends v.GenericSchema>(c: Context, schema: Schema): Promise<v.InferOutput<Schema>> {
  const parsed = v.safeParse(schema, parse(await c.req.text()))
  if (!parsed.success) throw invalid(parsed.issues)
  return parsed.output
}

function parse(text: string): Record<string, unknown> {
  const body = text.trim() === '' ? {} : parseJson(text)
  // A list would pass as an object without fields, which means all workers.
  if (!isRecord(body)) throw refuse('VALIDATION_FAILED', 'the body must be a JSON object')
  return body
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw refuse('VALIDATION_FAILED', 'the body is not JSON')
  }
}
