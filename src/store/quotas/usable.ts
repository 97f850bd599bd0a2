import { type DroverError, QuotaError } from '../../errors.js'
import type { Amounts } from '../contract/quotas.js'
import type { Quota } from './quota.js'

/** A quota and all quotas that it is within. */
interface Scopes {
  scopes(name: string): Quota[]
}

/**
 * The quotas that can grant these amounts at all: a quota may have been changed or retired since the request.
 *
 * @throws QUOTA_INVALID, QUOTA_RETIRED if none can
 */
export function usable(choices: readonly string[], amounts: Amounts, known: Scopes): string[] {
  const large = choices.filter((choice) => known.scopes(choice).every((quota) => !quota.tooSmallFor(amounts)))
  if (large.length === 0) throw neverGranted(choices[0] as string, amounts, known)
  const left = large.filter((choice) => !retired(choice, known))
  if (left.length > 0) return left
  const gone = large.map((choice) => retired(choice, known) as Quota)
  const reasons = gone.map(({ name, record }) => `${name} (${record.retired?.reason})`).join(', ')
  const message = `retired: ${reasons}; nothing is granted until it is revived`
  throw new QuotaError('QUOTA_RETIRED', message, { details: { quotas: gone.map(({ name }) => name) } })
}

function retired(choice: string, known: Scopes): Quota | undefined {
  return known.scopes(choice).find(({ record }) => record.retired !== null)
}

function neverGranted(choice: string, amounts: Amounts, known: Scopes): DroverError | null {
  for (const quota of known.scopes(choice)) {
    const window = quota.tooSmallFor(amounts)
    if (!window) continue
    const amount = amounts[window.unit] as number
    const message = `quota ${quota.name} never grants ${amount} ${window.unit} at once: ${window.label} holds ${window.capacity}`
    return new QuotaError('QUOTA_INVALID', message, {
      details: { quota: quota.name, window: window.label, amount, limit: window.capacity },
    })
  }
  return null
}
