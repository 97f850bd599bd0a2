/** Repeated ticks that keep no process alive, in one shape so that tests can bring their own. */

/** Calls `tick` every so many ms until the returned function is called. */
export type Every = (ms: number, tick: () => void) => () => void

export const every: Every = (ms, tick) => {
  const timer = setInterval(tick, ms).unref()
  return () => clearInterval(timer)
}
