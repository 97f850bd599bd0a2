/** A limit for a wait that may never end. Time in which this process stood still does not count. */
import { DroverError } from '../errors.js'
import { patientTimeout } from './patient-timer.js'

export class TimeLimit {
  /** Rejects with TIMEOUT when the time is over. */
  readonly over: Promise<never>
  readonly clear: () => void

  /** @param ref whether it keeps the process alive */
  constructor(ms: number, message: string, { ref = false } = {}) {
    const { promise, reject } = withReject()
    this.over = promise
    this.over.catch(() => {})
    this.clear = patientTimeout(() => reject(new DroverError('TIMEOUT', message, { details: { ms } })), ms, { ref })
  }
}

function withReject(): { promise: Promise<never>; reject: (error: Error) => void } {
  let reject: (error: Error) => void = () => {}
  const promise = new Promise<never>((_, rejected) => {
    reject = rejected
  })
  return { promise, reject }
}
