import type { ManagedWorker } from '../actors/worker/worker.js'
import type { Failure } from '../failure.js'
import type { WorkerState } from '../machines/lifecycle/states.js'

/** What became of a control call for one worker. */
export interface ControlOutcome {
  worker: string
  annotator: string
  domain: string
  /** Its state now. */
  state: WorkerState
  /** Whether the call had, or will have, its effect. */
  ok: boolean
  /** Why not, or what happens next. */
  message: string
}

/** A worker that was given up. */
export interface BlacklistEntry {
  worker: string
  reason: string
  /** Ms since the epoch, in this host. */
  since: number
  /** When it gets its one start on parole; null: it stays down until reset. */
  until: number | null
  lastFailure: Failure | null
}

/** What became of {@link Drover.reset} for one worker. */
export interface ResetOutcome extends ControlOutcome {
  /** What was deleted. */
  deleted: { results: number; dead: number }
}

/** What became of a call for this worker, in its state of now. */
export function outcomeOf(managed: ManagedWorker, ok: boolean, message: string): ControlOutcome {
  const { id, annotator, domain } = managed.config
  return { worker: id, annotator, domain, state: managed.state, ok, message }
}
