/** Admits only callers that may change something, and emits an event for each change or attempt. */
import type { Context, MiddlewareHandler } from 'hono'
import { createMiddleware } from 'hono/factory'
import type { Drover } from '../../drover/drover.js'
import { createRedactor, isSecretName, type Redactor } from '../../redact.js'
import { answerError, refuse } from '../base/errors.js'
import type { CompiledStatusOptions, Env } from '../base/request-env.js'

/** Longer parameters are cut, as JSON. */
const longestParams = 4_000

/** @returns a function that makes the middleware for one action, such as `workers.stop` */
export function controlGuard(drover: Drover, { token, readToken }: CompiledStatusOptions): (action: string) => MiddlewareHandler<Env> {
  const redact = createRedactor([token, readToken].filter((secret) => secret !== undefined))
  return (action) =>
    createMiddleware<Env>(async (c, next) => {
      const { role, who, from } = c.get('caller')
      if (role === 'control') await next()
      else c.res = answerError(refuse('FORBIDDEN', 'this token may only read'), c, drover)
      const { status } = c.res
      const outcome = status < 400 ? 'ok' : status < 500 ? 'refused' : 'failed'
      drover.controlled({ action, who, from, params: await paramsOf(c, redact), outcome, status })
    })
}

/** The request's path parameters, query and body in one object. The path wins, because it decides the action. */
async function paramsOf(c: Context, redact: Redactor): Promise<Record<string, unknown>> {
  try {
    const body = await bodyOf(c)
    const asked = { ...c.req.query(), ...(typeof body === 'object' && !Array.isArray(body) ? body : { body }), ...c.req.param() }
    const text = redact(JSON.stringify(asked, (name, value: unknown) => (isSecret(name) ? '[redacted]' : value)))
    return text.length > longestParams ? { cut: text.slice(0, longestParams) } : (JSON.parse(text) as Record<string, unknown>)
  } catch {
    return {}
  }
}

async function bodyOf(c: Context): Promise<object | undefined> {
  const text = await c.req.text()
  return text === '' ? undefined : (JSON.parse(text) as object)
}

/** A worker's input is never stored. Here `key` and `keys` name tasks, not secrets. */
const isSecret = (name: string): boolean => name === 'input' || (isSecretName(name) && !/^keys?$/i.test(name))
