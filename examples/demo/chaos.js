// @ts-check
/**
 * The plan of a run with chaos: which worker is struck by what, over which item. The same seed makes the same plan. Each fault
 * strikes once, however often the worker comes back: that it struck is kept in memory shared by all threads.
 */

/** What strikes, and how it ought to be seen. */
export const faults = {
  exit: { does: 'calls process.exit(3)', seenAs: 'exit' },
  throw: { does: 'throws in a timer', seenAs: 'uncaught-error' },
  reject: { does: 'rejects a promise nobody handles', seenAs: 'unhandled-rejection' },
  spin: { does: 'loops for ever', seenAs: 'heartbeat-lost' },
  block: { does: 'waits in Atomics.wait for ever', seenAs: 'heartbeat-lost' },
  stall: { does: 'awaits what never comes', seenAs: 'progress-stalled' },
  hoard: { does: 'fills its heap', seenAs: 'out-of-memory' },
}

/** @typedef {keyof typeof faults} Fault */

/**
 * @typedef {object} Strike
 * @property {string} worker
 * @property {string} item over which it happens; not called its key, for a value under that name is taken for a secret
 * @property {Fault} fault
 * @property {number} index its place in `struckAt`
 */

/**
 * @typedef {object} Chaos
 * @property {Strike[]} strikes
 * @property {BigInt64Array} struckAt shared by all threads: when each strike happened, in ms since the epoch; 0: not yet
 */

/**
 * Every fault once, dealt out to the lanes in turn.
 *
 * @param {{ worker: string, keys: string[] }[]} lanes
 * @param {number} seed
 * @returns {Chaos}
 */
export function planChaos(lanes, seed) {
  const random = randomFrom(seed)
  const dealt = /** @type {Fault[]} */ (Object.keys(faults)).map((fault) => ({ fault, order: random() }))
  dealt.sort((a, b) => a.order - b.order)
  /** @type {Set<string>} */
  const taken = new Set()
  const strikes = dealt.map(({ fault }, index) => {
    const lane = /** @type {{ worker: string, keys: string[] }} */ (lanes[index % lanes.length])
    // An item that brings its worker down twice would be put in quarantine as poison.
    const free = lane.keys.filter((key) => !taken.has(`${lane.worker} ${key}`))
    const item = /** @type {string} */ (free[Math.floor(random() * free.length)])
    taken.add(`${lane.worker} ${item}`)
    return { worker: lane.worker, item, fault, index }
  })
  return { strikes, struckAt: new BigInt64Array(new SharedArrayBuffer(8 * strikes.length)) }
}

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
function randomFrom(/** @type {number} */ seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
