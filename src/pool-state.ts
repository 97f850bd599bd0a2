/** The states of a pool. Imports nothing, so that a browser can load it. */

/** The states and their meanings. */
export const poolStates = {
  idle: 'has no thread, and needs none',
  starting: 'its first threads load the module',
  running: 'at least one thread is ready',
  backoff: 'no thread is ready, and the next one starts after a wait',
  blacklisted: 'given up: it refuses tasks until it is reset',
  closing: 'takes no new tasks; those it has may finish',
  closed: 'its threads have ended',
} as const

/** The state of a pool; see {@link poolStates} for their meanings. */
export type PoolState = keyof typeof poolStates
