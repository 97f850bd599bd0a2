import type { StatusContext } from '../base/status-context.js'
import type { QuotaCache } from '../present/quota-cache.js'

/** The context shared by the routes of this API. */
export interface V1Context extends StatusContext {
  quotas: QuotaCache
}
