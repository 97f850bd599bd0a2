/** Errors of the status server: one form for every refusal and failure, without internal details. */
import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { Drover } from '../../drover/drover.js'
import { DroverError, type ErrorCode } from '../../errors.js'
import type { ErrorAnswer } from '../contract/common.js'

/** The server's own codes, with their status. */
export const httpCodes = {
  /** The input has the wrong form; `details.issues` has the mistakes. */
  VALIDATION_FAILED: 400,
  /** A call that deletes, gives up or sets aside something came without the confirmation word. */
  CONFIRMATION_REQUIRED: 400,
  /** No token, a wrong one, or a session that has ended. */
  UNAUTHORIZED: 401,
  /** The role does not allow it. */
  FORBIDDEN: 403,
  /** The request comes from a page of another origin. */
  FORBIDDEN_ORIGIN: 403,
  /** A call with a cookie that changes something came without the header `x-drover-csrf` of its session. */
  CSRF_FAILED: 403,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  /** The worker must be stopped first. */
  NOT_DOWN: 409,
  BODY_TOO_LARGE: 413,
  /** The host name of the request is not known. */
  FORBIDDEN_HOST: 421,
  /** Too many wrong tokens from this address; `retry-after` is the wait until the next attempt. */
  TOO_MANY_LOGINS: 429,
  /** This address has too many streams or sockets. */
  TOO_MANY_STREAMS: 429,
  INTERNAL: 500,
} as const satisfies Record<string, ContentfulStatusCode>
export type HttpCode = keyof typeof httpCodes

/** The status of drover's codes that a caller can act on. Any other code is INTERNAL. */
const statuses: Partial<Record<ErrorCode, ContentfulStatusCode>> = {
  ARGUMENT_INVALID: 400,
  CONFIG_INVALID: 400,
  WORKER_UNKNOWN: 404,
  QUOTA_INVALID: 404,
  SLOTS_FULL: 409,
  WORKER_HELD: 409,
  THREAD_GONE: 409,
  HOST_SHORT: 409,
  PROFILE_RUNNING: 409,
  PROFILES_FULL: 429,
  CLOSED: 503,
  STORE_FAILED: 503,
  READ_FAILED: 503,
  TIMEOUT: 504,
}

/** Codes for refusals by libraries, by status. */
const codes: Record<number, string> = {
  400: 'VALIDATION_FAILED',
  401: 'UNAUTHORIZED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_ALLOWED',
  413: 'BODY_TOO_LARGE',
  415: 'MEDIA_TYPE_UNSUPPORTED',
  416: 'RANGE_NOT_SATISFIABLE',
}

export function errorAnswer(code: string, message: string, details?: Record<string, unknown>): ErrorAnswer {
  return { success: false, error: code, message, detail: message, ...(details && { details }) }
}

/** A refusal, to be thrown. */
export function refuse(
  code: HttpCode,
  message: string,
  more: { details?: Record<string, unknown>; headers?: Record<string, string> } = {},
) {
  const { details, headers = {} } = more
  const status = httpCodes[code]
  return new HTTPException(status, { message, res: Response.json(errorAnswer(code, message, details), { status, headers }) })
}

/** The answer to an error of a handler. */
export function answerError(error: unknown, c: Context, drover: Drover): Response {
  if (error instanceof HTTPException && error.status < 500) {
    if (error.res?.headers.get('content-type')?.startsWith('application/json')) return error.res
    return c.json(errorAnswer(codes[error.status] ?? 'VALIDATION_FAILED', error.message || 'refused'), error.status)
  }
  if (DroverError.is(error)) {
    const status = statuses[error.code]
    // Messages of the store name files.
    if (status && error.code === 'STORE_FAILED') return c.json(errorAnswer(error.code, 'the store has failed; see the log'), status)
    if (status) return c.json(errorAnswer(error.code, error.message, shownDetails(error)), status)
  }
  drover.reportHttp(`${c.req.method} ${c.req.path} failed`, error)
  return c.json(errorAnswer('INTERNAL', 'drover could not do this; see the log'), httpCodes.INTERNAL)
}

function shownDetails({ details }: DroverError): Record<string, unknown> | undefined {
  return Object.keys(details).length > 0 ? { ...details } : undefined
}
