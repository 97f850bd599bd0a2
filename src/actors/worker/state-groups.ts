/** Groups of states: in which other hosts may have the worker, in which there is a thread, and the phase for siblings. */
import type { WorkerState } from '../../machines/lifecycle/states.js'
import type { SiblingPhase } from '../../machines/supervision/strategies.js'

/** States in which another host may have the worker. */
export const free: readonly WorkerState[] = ['idle', 'stopped', 'completed', 'blacklisted']

/** States in which there is a thread, or is about to be. */
export const withThread: readonly WorkerState[] = ['starting', 'running', 'paused', 'stuck', 'stopping', 'crashed']

/** The phase of each state for siblings; `queued` is decided elsewhere. */
export const siblingPhases: Record<Exclude<WorkerState, 'queued'>, SiblingPhase> = {
  idle: 'down',
  stopped: 'down',
  completed: 'down',
  blacklisted: 'down',
  starting: 'starting',
  running: 'up',
  paused: 'up',
  parked: 'up',
  backoff: 'waiting',
  stopping: 'falling',
  stuck: 'falling',
  crashed: 'falling',
}
