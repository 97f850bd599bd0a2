import { argumentError, largestAmount } from '../../validation/arguments.js'
import { isPlain } from '../../values/plain-object.js'
import type { Amounts } from '../contract/quotas.js'

/** Checks amounts by unit, and returns a copy. */
export function checkAmounts(name: string, amounts: Amounts): Amounts {
  if (!isPlain(amounts)) throw argumentError(name, 'a plain object of amounts by unit', amounts)
  const checked = { ...amounts }
  for (const [unit, amount] of Object.entries(checked)) {
    if (typeof amount === 'number' && amount >= 0 && amount <= largestAmount) continue
    throw argumentError(`${name}.${unit}`, `a number, 0 to ${largestAmount}`, amount)
  }
  return checked
}
