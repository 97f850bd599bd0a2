/** The status server as a Hono app, to be served alone or mounted in another one. */
import { setMaxListeners } from 'node:events'
import { Hono } from 'hono'
import { methodNotAllowed } from 'hono/method-not-allowed'
import { basePath } from 'hono/route'
import type { Drover } from '../drover/drover.js'
import { v1Routes } from './api/routes.js'
import { dashboardRoutes } from './assets.js'
import { answerError, errorAnswer } from './base/errors.js'
import type { StatusOptions } from './base/options.js'
import type { Env } from './base/request-env.js'
import type { StatusContext } from './base/status-context.js'
import { compileStatusOptions } from './compile-options.js'
import { seedRoutes } from './legacy/routes.js'
import { documentRoutes } from './openapi/routes.js'
import { probes } from './probes.js'
import { Attempts } from './security/attempts.js'
import { bodyGuard } from './security/body.js'
import { controlGuard } from './security/control-guard.js'
import { noCaching, securityHeaders } from './security/headers.js'
import { hostGuard } from './security/host-header.js'
import { Identifier, unauthorized } from './security/identify.js'
import { originGuard, originSharing } from './security/origin.js'
import { SessionCookie } from './security/session-cookie.js'
import { sessionRoutes } from './security/session-routes.js'
import { Sessions } from './security/sessions.js'
import { Hub } from './socket/hub.js'
import { socketRoutes } from './socket/routes.js'

export interface StatusApp {
  app: Hono<Env>
  /** Ends streams, sockets and sessions. */
  end(): void
}

/**
 * The status server as a Hono app. It works below any path at which it is mounted.
 *
 * @throws DroverError CONFIG_INVALID with every mistake in the options
 * @example
 * import { Hono } from 'hono'
 * const app = new Hono()
 * app.route('/drover', createStatusApp(drover, { token }))
 */
export function createStatusApp(drover: Drover, options: StatusOptions = {}): Hono<Env> {
  return buildStatusApp(drover, options).app
}

/** @param now clock in ms, for sessions and attempts */
export function buildStatusApp(drover: Drover, given: StatusOptions, now: () => number = () => performance.now()): StatusApp {
  const options = compileStatusOptions(given)
  const closing = new AbortController()
  setMaxListeners(0, closing.signal)
  // Whoever looks at the system soon reads events.
  drover.view.prepareReads()
  const hub = new Hub(drover, { staleMs: options.crashDetectionMinutes * 60_000, wrapped: options.envelope })
  const status: StatusContext = { drover, options, closing: closing.signal, control: controlGuard(drover, options) }
  const sessions = new Sessions(options.sessionMs, now, (who) => hub.closeSession(who))
  const cookie = new SessionCookie(options.behindProxy)
  const identifier = new Identifier(options, new Attempts(now), sessions, cookie)

  const app = new Hono<Env>()
  app.onError((error, c) => answerError(error, c, drover))
  app.use(async (c, next) => {
    c.set('mount', basePath(c).replace(/\/$/, ''))
    await next()
  })
  app.use(securityHeaders())
  app.route('/', probes(drover))
  app.use(hostGuard(options), originSharing(options.origins), originGuard(options.origins))
  app.use('/api/*', noCaching, bodyGuard(options.maxBodyBytes))
  app.use(
    methodNotAllowed({
      app,
      onMethodNotAllowed: (c, methods) => {
        c.header('allow', methods.join(', '))
        if (c.req.method === 'OPTIONS') {
          c.res.headers.delete('content-type')
          return c.body(null, 204)
        }
        return c.json(errorAnswer('METHOD_NOT_ALLOWED', `${c.req.method} is not possible here; possible: ${methods.join(', ')}`), 405)
      },
    }),
  )
  app.route('/api/v1', sessionRoutes(identifier, sessions, cookie))
  app.use('/api/*', async (c, next) => {
    if (c.req.method === 'OPTIONS') return next()
    const identity = await identifier.identify(c)
    if (!identity) throw unauthorized('a token is required')
    const { csrf: _, ...caller } = identity
    c.set('caller', caller)
    return next()
  })
  app.route('/api', seedRoutes(status))
  app.route('/api/v1', v1Routes(status))
  app.route('/api', socketRoutes(hub))
  app.route('/', documentRoutes(app))
  app.all('/api/*', (c) => c.json(errorAnswer('NOT_FOUND', 'there is no such path in the API'), 404))
  if (options.dashboard) app.route('/', dashboardRoutes())
  // If this app is mounted in another one, it answers everything below its path.
  app.all('*', (c) => c.json(errorAnswer('NOT_FOUND', 'there is nothing at this path'), 404))

  const leave = drover.attend()
  const end = (): void => {
    leave()
    closing.abort()
    hub.close()
    sessions.clear()
  }
  return { app, end }
}
