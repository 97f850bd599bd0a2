import { DroverError } from '../../errors.js'
import { duration } from '../../values/duration.js'
import type { PendingAsk } from './outgoing.js'

export function timeoutError(to: string, { name, timeoutMs, id }: PendingAsk): DroverError {
  const what = id === 0 ? 'could not be sent' : 'had no reply'
  const details = { delivered: id === 0 ? 'no' : 'maybe' }
  return new DroverError('ASK_TIMEOUT', `${name} ${what} within ${duration(timeoutMs)}: ${to} is slow or has no thread`, { details })
}
