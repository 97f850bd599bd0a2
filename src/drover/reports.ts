import type { ManagedWorker } from '../actors/worker/worker.js'
import type { Failure } from '../failure.js'
import type { WorkerState } from '../machines/lifecycle/states.js'

/** The outcome of a control call for one worker. */
export interface ControlOutcome {
  worker: string
  annotator: string
  domain: string
  /** The state when the call resolved. */
  state: WorkerState
  /** Whether the call has or will have its effect. */
  ok: boolean
  /** The reason of a refusal, or the next step. */
  message: string
}

/** A worker that was given up. */
export interface BlacklistEntry {
  worker: string
  reason: string
  /** Ms since the epoch, in this host. */
  since: number
  /** When it is started on parole, in ms since the epoch; null: it stays down until reset. */
  until: number | null
  lastFailure: Failure | null
}

/** The outcome of {@link Drover.reset} for one worker. */
export interface ResetOutcome extends ControlOutcome {
  /** Numbers of deleted rows. */
  deleted: { results: number; dead: number }
}

/** An outcome for this worker, with its current state. */
export function outcomeOf(managed: ManagedWorker, ok: boolean, message: string): ControlOutcome {
  const { id, annotator, domain } = managed.config
  return { worker: id, annotator, domain, state: managed.state, ok, message }
}
