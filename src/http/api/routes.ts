/** drover's API under `/api/v1`: one chain of routes, so that its type is the type of a client. */
import { Hono } from 'hono'
import type { Env } from '../base/request-env.js'
import type { StatusContext } from '../base/status-context.js'
import { QuotaCache } from '../present/quota-cache.js'
import { controlRoutes } from './control.js'
import { eventsRoutes } from './events.js'
import { jsonOnly } from './json-only.js'
import { logsRoutes } from './logs.js'
import { membershipRoutes } from './membership.js'
import { profilesRoutes } from './profiles.js'
import { quotasRoutes } from './quotas.js'
import { resultsRoutes } from './results.js'
import { settingsRoutes } from './settings.js'
import { systemRoutes } from './system.js'
import { tasksRoutes } from './tasks.js'
import type { V1Context } from './v1-context.js'
import { workHistoryRoutes } from './work-history.js'
import { workersRoutes } from './workers.js'

/** The type for `hc`: `hc<StatusApi>('http://127.0.0.1:8000/api/v1')`. */
export type StatusApi = ReturnType<typeof v1Routes>

export function v1Routes(status: StatusContext) {
  const context: V1Context = { ...status, quotas: new QuotaCache(status.drover) }
  return new Hono<Env>()
    .use(jsonOnly)
    .route('/', systemRoutes(context))
    .route('/', workHistoryRoutes(context))
    .route('/', workersRoutes(context))
    .route('/', membershipRoutes(context))
    .route('/', controlRoutes(context))
    .route('/', tasksRoutes(context))
    .route('/', resultsRoutes(context))
    .route('/', quotasRoutes(context))
    .route('/', eventsRoutes(context))
    .route('/', logsRoutes(context))
    .route('/', settingsRoutes(context))
    .route('/', profilesRoutes(context))
}
