// @ts-check
/** How fast a run went at its start, in its middle and at its end. */

/**
 * Tasks per second in the first, the middle and the last tenth.
 *
 * @param {readonly { at: number, done: number }[]} curve in order; `at` in ms
 * @param {number} tasks
 * @returns {[first: number, middle: number, last: number]}
 */
export function tenths(curve, tasks) {
  const rate = (/** @type {number} */ from, /** @type {number} */ to) =>
    ((to - from) * tasks * 1_000) / (timeOf(curve, to * tasks) - timeOf(curve, from * tasks))
  return [rate(0, 0.1), rate(0.45, 0.55), rate(0.9, 1)]
}

/** When so many were done, between the two readings around it. */
function timeOf(/** @type {readonly { at: number, done: number }[]} */ curve, /** @type {number} */ done) {
  const after = curve.findIndex((reading) => reading.done >= done)
  const next = curve[after]
  if (!next) throw new Error(`never ${done} done`)
  const previous = curve[after - 1]
  if (!previous || next.done === previous.done) return next.at
  return previous.at + ((next.at - previous.at) * (done - previous.done)) / (next.done - previous.done)
}
