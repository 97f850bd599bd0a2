/** A worker's status as it is shown. */
import type { WorkerStatus } from '../../status.js'
import type { Beat, Worker } from '../contract/worker.js'

export function presentWorker({ beatAgeMs: _, heapUsed: __, quotas: ___, lastFailure, ...status }: WorkerStatus): Worker {
  return { ...status, lastFailure: lastFailure && { kind: lastFailure.kind, message: lastFailure.message, at: lastFailure.at } }
}

export function presentBeat({ beatAgeMs, heapUsed }: WorkerStatus): Beat {
  return { beatAgeMs, heapUsed }
}
