// @ts-check
export const echo = (/** @type {unknown} */ value) => value

export function compute(/** @type {number} */ ms) {
  let sum = 0
  for (const until = performance.now() + ms; performance.now() < until; ) sum += Math.sqrt(sum + 2)
  return sum
}
