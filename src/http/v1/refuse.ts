/** How the API says no where no error of drover's does. */
import { HTTPException } from 'hono/http-exception'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { ErrorAnswer } from '../contract/common.js'

/** What a refusal looks like. */
export function refused(code: string, message: string, details?: Record<string, unknown>): ErrorAnswer {
  return { success: false, error: code, message, detail: message, ...(details && { details }) }
}

/** To be thrown. */
export function refusal(status: ContentfulStatusCode, code: string, message: string): HTTPException {
  return new HTTPException(status, { message, res: Response.json(refused(code, message), { status }), cause: { code } })
}

export const notFound = (message: string): HTTPException => refusal(404, 'NOT_FOUND', message)
