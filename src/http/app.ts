/** The status server as a Hono app, to be served alone or mounted in another one. */
import { Hono } from 'hono'
import { createMiddleware } from 'hono/factory'
import type { Drover } from '../drover.js'
import { dashboardRoutes } from './assets.js'
import type { Env, StatusContext } from './context.js'
import { documentRoutes } from './openapi.js'
import type { StatusOptions } from './options.js'
import { seedRoutes } from './seed/routes.js'
import { Hub } from './socket/hub.js'
import { socketRoutes } from './socket/routes.js'
import { v1Routes } from './v1/routes.js'

export function createStatusApp(drover: Drover, options: StatusOptions = {}): Hono<Env> {
  const status: StatusContext = {
    drover,
    options: {
      hosts: [],
      origins: [],
      envelope: false,
      dashboard: true,
      maxBodyBytes: 1_048_576,
      behindProxy: false,
      sessionMs: 43_200_000,
      ...options,
    },
    hub: new Hub(drover),
    control: () => createMiddleware<Env>((_c, next) => next()),
  }
  const app = new Hono<Env>()
  app.use(async (c, next) => {
    c.set('caller', { role: 'control', who: 'local', from: '127.0.0.1' })
    await next()
  })
  app.route('/api', seedRoutes(status))
  app.route('/api/v1', v1Routes(status))
  app.route('/api', socketRoutes(status))
  app.route('/', documentRoutes(app))
  app.route('/', dashboardRoutes())
  return app
}
