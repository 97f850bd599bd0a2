import { DroverError, type ErrorRecord, toErrorRecord } from '../../../errors.js'
import type { Outcome } from '../../../store/contract/tasks.js'
import { backoffDelay } from '../../../time/backoff.js'
import { checkFlag, duration } from '../../../validation/arguments.js'
import { read } from '../../../values/plain.js'
import { withSources } from '../../evidence/source-maps.js'
import type { WorkerBoot } from '../../protocol/messages.js'
import { TaskError } from '../task-error.js'
import type { Lease } from './lease.js'

/** The outcome of a task whose attempt threw. */
interface FailedAttempt {
  outcome: Outcome
  /** null: the task was given back, and no attempt is counted. */
  error: ErrorRecord | null
  /** Whether the task is given up. */
  last: boolean
}

/** Decides by the thrown value: by a {@link TaskError}, else by the policy for tasks. */
export function failedAttempt(
  thrown: unknown,
  lease: Lease,
  { backoff, maxAttempts }: WorkerBoot['tasks'],
  redact: (text: string) => string,
): FailedAttempt {
  const { token, failures, releases } = lease
  const { asked, wrong } = wishOf(thrown)
  if (asked?.release) {
    const inMs = asked.retryInMs ?? backoffDelay(backoff, releases)
    return { outcome: { do: 'release', token, inMs, later: true }, error: null, last: false }
  }
  const error = withSources(toErrorRecord(wrong ?? thrown, redact))
  const last = failures + 1 >= maxAttempts || asked?.retry === false
  const retryInMs = last ? null : (asked?.retryInMs ?? backoffDelay(backoff, failures))
  const outcome: Outcome = { do: 'fail', token, error, retryInMs }
  const raw = read(thrown, 'raw')
  if (typeof raw === 'string') outcome.value = raw
  return { outcome, error, last }
}

interface Wish {
  retry: boolean
  release: boolean
  retryInMs: number | null
}

/**
 * The wish of a thrown TaskError; null for any other value, and for an unreadable one. A TaskError that was changed, or comes
 * from another copy of drover, may have invalid options: then `wrong` is the error to report instead.
 */
function wishOf(thrown: unknown): { asked: Wish | null; wrong: unknown } {
  try {
    if (!TaskError.is(thrown)) return { asked: null, wrong: null }
    const { retry, release, retryInMs } = thrown
    checkFlag('TaskError: retry', retry)
    checkFlag('TaskError: release', release)
    if (retryInMs !== null) duration('TaskError: retryInMs', retryInMs)
    return { asked: { retry, release, retryInMs }, wrong: null }
  } catch (error) {
    return { asked: null, wrong: DroverError.is(error) ? error : null }
  }
}
