import type { StatusContext } from '../base/status-context.js'
import type { QuotaCache } from '../present/quota-cache.js'

/** What the routes of this API share. */
export interface V1Context extends StatusContext {
  quotas: QuotaCache
}
