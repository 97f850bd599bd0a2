import type { QuotaCache } from '../present/quota-cache.js'
import type { StatusContext } from '../status-context.js'

/** What the routes of this API share. */
export interface V1Context extends StatusContext {
  quotas: QuotaCache
}
