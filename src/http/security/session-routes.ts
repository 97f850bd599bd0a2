/** Logging in and out, for browsers. */
import { type Context, Hono } from 'hono'
import { describeRoute, resolver } from 'hono-openapi'
import * as v from 'valibot'
import { refuse } from '../base/errors.js'
import type { Env } from '../base/request-env.js'
import { ownVersion } from '../base/version.js'
import { confirmationWord, errorAnswer } from '../contract/common.js'
import { type Session as SessionAnswer, session } from '../contract/log.js'
import { type Identifier, unauthorized } from './identify.js'
import type { SessionCookie } from './session-cookie.js'
import type { Sessions } from './sessions.js'

const login = v.strictObject({ token: v.pipe(v.string(), v.minLength(1), v.maxLength(1_000)) })

export function sessionRoutes(identifier: Identifier, sessions: Sessions, cookie: SessionCookie): Hono<Env> {
  const answer = (role: SessionAnswer['role'], csrf: string | null, name: string | null = null): SessionAnswer => ({
    role,
    name,
    protected: identifier.isProtected,
    csrf,
    version: ownVersion(),
    confirmationWord,
  })

  return new Hono<Env>()
    .get('/session', describe('getSession', 'The caller; role null: not logged in'), async (c) => {
      const identity = await identifier.identify(c)
      return c.json(answer(identity?.role ?? null, identity?.csrf ?? null, identity?.name))
    })
    .post('/session', describe('login', 'Log in with a token: sets a cookie', true), async (c) => {
      if (!identifier.takesTokens) {
        const identity = await identifier.identify(c)
        if (!identity) throw unauthorized('the application does not know you')
        return c.json(answer(identity.role, identity.csrf, identity.name))
      }
      const { token } = await readLogin(c)
      const role = identifier.login(c, token, 'login')
      // Never the id that the client sent: an attacker who planted it would be logged in too.
      const before = cookie.read(c)
      if (before !== undefined) sessions.end(before)
      const { id, session } = sessions.begin(role)
      cookie.write(c, id)
      return c.json(answer(role, session.csrf))
    })
    .delete('/session', describe('logout', 'Log out: the session ends'), async (c) => {
      await identifier.identify(c)
      const id = cookie.read(c)
      if (id !== undefined) {
        sessions.end(id)
        cookie.remove(c)
      }
      return c.json(answer(null, null))
    })
}

async function readLogin(c: Context): Promise<v.InferOutput<typeof login>> {
  // Pages of other origins cannot send this type without a preflight request.
  if (!/^application\/json\b/i.test(c.req.header('content-type') ?? ''))
    throw refuse('VALIDATION_FAILED', 'the body must be application/json')
  const parsed = v.safeParse(login, await c.req.json<unknown>().catch(() => null))
  if (parsed.success) return parsed.output
  throw refuse('VALIDATION_FAILED', 'the body must be {"token": "..."}')
}

function describe(operationId: string, summary: string, takesToken = false) {
  const json = (schema: v.GenericSchema, description: string) => ({
    description,
    content: { 'application/json': { schema: resolver(schema) } },
  })
  const refusals = {
    400: 'The body is not valid',
    401: 'The token is wrong',
    403: 'This origin may not log in',
    421: 'The host name of the request is not known here',
    429: 'Too many attempts',
  }
  return describeRoute({
    operationId,
    tags: ['Session'],
    summary,
    security: [],
    ...(takesToken && { requestBody: { required: true, ...json(login, 'The token'), description: 'The token' } }),
    responses: {
      200: json(session, 'The caller now'),
      ...Object.fromEntries(Object.entries(refusals).map(([status, description]) => [status, json(errorAnswer, description)])),
    },
  })
}
