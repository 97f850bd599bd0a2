/**
 * Describes each route for the OpenAPI document and checks its input. Refusals that are possible for any request are described
 * here, once.
 */
import type { Context, MiddlewareHandler } from 'hono'
import { describeRoute, type ResponsesWithResolver, resolver, validator } from 'hono-openapi'
import type * as v from 'valibot'
import { errorAnswer as refused } from '../base/errors.js'
import type { Env } from '../base/request-env.js'
import { errorAnswer } from '../contract/common.js'
import { named } from '../contract/named.js'

/** The groups of operations in the document. */
export type Tag =
  | 'System'
  | 'Workers'
  | 'Control'
  | 'Tasks'
  | 'Results'
  | 'Quotas'
  | 'Events and logs'
  | 'Settings'
  | 'Profiles'
  | 'Document'

type Answer = v.GenericSchema | { description: string; content?: Record<string, { schema: v.GenericSchema | Record<string, unknown> }> }

export interface Operation {
  id: string
  tag: Tag
  summary: string
  /** Details beyond the summary. */
  more?: string
  /** Answers by status. A schema alone means JSON of that form. */
  answers: Record<number, Answer>
  /** Refusals beyond those of any call. */
  refuses?: (keyof typeof refusals)[]
  /** Request headers that count, with their meaning. */
  headers?: Record<string, string>
}

const refusals = {
  400: 'The input is not valid. With `VALIDATION_FAILED`, `details.issues` has each mistake and its place',
  401: 'No access: a token is missing or wrong',
  403: 'The role of the caller, or the origin of its page, does not allow this',
  404: 'Something that the call names does not exist',
  409: 'Not possible in the present state: `error` says why',
  413: 'The body is larger than the option `maxBodyBytes`',
  415: 'The body is not JSON (`content-type: application/json`)',
  416: 'Not a range: `rows=0-99` or `rows=100-`',
  421: 'The host name of the request is not known here',
  429: 'Too many wrong tokens from this address, or too many streams or profiles at a time',
  500: 'drover failed: its log has the cause',
  503: 'The system is closing or closed, its store has failed, or the read is not possible',
  504: 'A thread did not answer in time',
} as const

/** Statuses with which any call may be refused. */
const always = [400, 401, 403, 421, 429, 500, 503] as const

/** Describes a route in the OpenAPI document. */
export function operation({ id, tag, summary, more, answers, refuses = [], headers = {} }: Operation): MiddlewareHandler {
  const refusing = [...always, ...refuses].sort()
  return describeRoute({
    operationId: id,
    tags: [tag],
    summary,
    ...(more !== undefined && { description: more }),
    parameters: Object.entries(headers).map(([name, description]) => ({ in: 'header', name, description, schema: { type: 'string' } })),
    responses: {
      ...Object.fromEntries(Object.entries(answers).map(([status, answer]) => [status, described(answer)])),
      ...Object.fromEntries(
        refusing.map((status) => [
          status,
          { description: refusals[status], content: { 'application/json': { schema: schemaOf(errorAnswer) } } },
        ]),
      ),
    },
  })
}

/** Describes a route that answers 304 to a client that already has the answer. */
export const cachedOperation = (operationOf: Operation): MiddlewareHandler =>
  operation({
    ...operationOf,
    headers: { 'If-None-Match': 'The ETag of the answer that the client has', ...operationOf.headers },
    answers: { ...operationOf.answers, 304: { description: 'Unchanged: the client has the answer (`If-None-Match`)' } },
  })

function described(answer: Answer): ResponsesWithResolver[string] {
  if ('~standard' in answer) return { description: 'The answer', content: { 'application/json': { schema: schemaOf(answer) } } }
  const { description, content } = answer
  if (!content) return { description }
  const media = Object.entries(content).map(([type, { schema }]) => [
    type,
    { schema: '~standard' in schema ? schemaOf(schema as v.GenericSchema) : schema },
  ])
  return { description, content: Object.fromEntries(media) }
}

/** Converts schemas to JSON Schema: named ones by reference, and those that cannot be converted by their metadata. */
const conversion = {
  options: {
    definitions: named,
    errorMode: 'ignore',
    overrideRef: ({ referenceId }: { referenceId: string }) => `#/components/schemas/${referenceId}`,
    overrideAction: ({ valibotAction, jsonSchema }: { valibotAction: v.GenericPipeItem; jsonSchema: object }) => {
      if (valibotAction.kind !== 'metadata' || valibotAction.type !== 'metadata') return jsonSchema
      const { metadata } = valibotAction as unknown as { metadata: Record<string, unknown> }
      return metadata.jsonSchema ?? jsonSchema
    },
    // The default of a number in a query is a text.
    overrideSchema: ({ valibotSchema, jsonSchema }: { valibotSchema: v.GenericSchema; jsonSchema: Record<string, unknown> }) =>
      valibotSchema.type === 'optional' && jsonSchema.type === 'integer' && typeof jsonSchema.default === 'string'
        ? { ...jsonSchema, default: Number(jsonSchema.default) }
        : undefined,
  },
}

const resolvers = new WeakMap<v.GenericSchema, ReturnType<typeof resolver>>()

/** Converts each schema once, because each conversion converts all named schemas too. */
function schemaOf(schema: v.GenericSchema): ReturnType<typeof resolver> {
  const known = resolvers.get(schema)
  if (known) return known
  const own = resolver(schema, conversion)
  let converted: ReturnType<typeof own.toOpenAPISchema> | undefined
  const once = { ...own, toOpenAPISchema: () => (converted ??= own.toOpenAPISchema()) }
  resolvers.set(schema, once)
  return once
}

/** The result of the validator. */
type Checked = { success: true } | { success: false; error: readonly { message: string; path?: readonly unknown[] | undefined }[] }

const hook = ((result: Checked, c: Context): Response | undefined => {
  if (result.success) return undefined
  const issues = result.error.map(({ path = [], message }) => ({
    path: path.map(keyOf).join('.'),
    message: plain(message),
  }))
  const first = issues[0]
  const message = first ? `${first.path || 'the input'}: ${first.message}` : 'the input is not valid'
  return c.json(refused('VALIDATION_FAILED', message, { issues }), 400)
}) as never

/** valibot quotes the value, which may be a secret. */
function plain(message: string): string {
  const said = message.replace(/ but received .*$/s, '')
  if (said === 'Invalid key: Expected never') return 'not known here'
  return said.startsWith('Invalid key: Expected') ? 'is missing' : said
}

/** A step of a Standard Schema path. */
function keyOf(step: unknown): string {
  return String(typeof step === 'object' && step !== null && 'key' in step ? step.key : step)
}

/** Checks the query; unknown keys are refused. */
export const query = <Schema extends v.GenericSchema>(schema: Schema) =>
  validator<Schema, 'query', Env, string>('query', schema, hook, conversion as never)

/** Checks the parameters in the path. */
export const path = <Schema extends v.GenericSchema>(schema: Schema) =>
  validator<Schema, 'param', Env, string>('param', schema, hook, conversion as never)

/** Checks a JSON body. */
export const body = <Schema extends v.GenericSchema>(schema: Schema) =>
  validator<Schema, 'json', Env, string>('json', schema, hook, conversion as never)
