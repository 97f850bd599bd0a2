/** The states and their meanings. */
export const workerStates = {
  idle: 'declared, never started, or reset',
  queued: 'waits for a concurrency slot, or until another host releases it',
  starting: 'thread spawned, not yet ready',
  running: 'ready and beating',
  paused: 'takes no new task; by hand it keeps its thread, by itself it gives thread and slot up',
  parked: 'quota is spent until a known moment: thread released, slot free, wakes by itself',
  stuck: 'beats or progress stopped past their limit: evidence is taken, then the thread is killed',
  crashed: 'the thread is gone without being asked; the policy decides',
  backoff: 'waiting for the next restart',
  blacklisted: 'given up; stays down until reset, or until parole',
  stopping: 'asked to finish: drain, then deadline, then terminate',
  stopped: 'down on request',
  completed: 'no work is left; dead tasks stay dead',
} as const

/** The state of a worker; see {@link workerStates} for their meanings. */
export type WorkerState = keyof typeof workerStates
