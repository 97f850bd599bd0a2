/** Amounts by unit. */
import type { Amounts } from '../contract/quotas.js'

/** Adds amounts to a sum, in place. */
export function addTo(sum: Amounts, amounts: Amounts): void {
  for (const [unit, amount] of Object.entries(amounts)) sum[unit] = (sum[unit] ?? 0) + amount
}
