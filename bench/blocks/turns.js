// @ts-check
/**
 * How long the main thread was busy in one turn of its event loop, by its own time on a core: what other processes took meanwhile is left
 * out where the kernel tells (Linux), so that a busy machine does not look like a busy loop.
 */
import { readFileSync } from 'node:fs'
import { Session } from 'node:inspector'
import { monitorEventLoopDelay } from 'node:perf_hooks'

/** @typedef {{ name: string, longestMs: number, delayMs: number, tookMs: number, busyMs: number, turns: number, what: string[] }} Phase */

/** Ms for which the main thread has had a core since it began; where the kernel does not tell, as if it always had. */
function ranMs() {
  try {
    return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6
  } catch {
    return performance.now()
  }
}

export class Turns {
  /** @type {Phase[]} */
  phases = []
  #profiles

  /** @param {{ profiles: boolean }} options whether to say what ran in the longest turn; a profiler costs some time itself */
  constructor({ profiles }) {
    this.#profiles = profiles
  }

  /**
   * Runs a piece of work and measures each turn until it is done and the loop has been at rest for a moment.
   *
   * @template T
   * @param {string} name
   * @param {() => T | Promise<T>} work
   * @param {number} [restMs]
   * @returns {Promise<T>}
   */
  async during(name, work, restMs = 100) {
    const session = this.#profiles ? await startProfile() : null
    const delay = monitorEventLoopDelay({ resolution: 1 })
    delay.enable()
    const began = performance.now()
    const first = ranMs()
    let [at, ran, going, turns] = [began, first, true, 0]
    let longest = { ms: 0, from: 0, to: 0 }
    const stopped = new Promise((/** @type {(value?: unknown) => void} */ stop) => {
      const look = () => {
        const [now, ranNow] = [performance.now(), ranMs()]
        const ms = ranNow - ran
        if (ms > longest.ms) longest = { ms, from: at, to: now }
        turns++
        at = now
        ran = ranNow
        if (going) setImmediate(look)
        else stop()
      }
      setImmediate(look)
    })
    try {
      return await work()
    } finally {
      const tookMs = performance.now() - began
      const busyMs = ranMs() - first
      await new Promise((resolve) => setTimeout(resolve, restMs))
      going = false
      await stopped
      delay.disable()
      const what = session ? await topOf(session, longest) : []
      this.phases.push({ name, longestMs: longest.ms, delayMs: delay.max / 1e6, tookMs, busyMs, turns, what })
    }
  }
}

async function startProfile() {
  const session = new Session()
  session.connect()
  session.post('Profiler.enable')
  session.post('Profiler.setSamplingInterval', { interval: 500 })
  await new Promise((resolve) => session.post('Profiler.start', resolve))
  return session
}

/**
 * The functions on the stack most of the time between two moments, ours first.
 *
 * @param {Session} session
 * @param {{ from: number, to: number }} between
 * @returns {Promise<string[]>}
 */
async function topOf(session, { from, to }) {
  const offset = Number(process.hrtime.bigint() / 1_000n) - performance.now() * 1_000
  /** @type {import('node:inspector').Profiler.Profile} */
  const profile = await new Promise((resolve, reject) =>
    session.post('Profiler.stop', (error, result) => (error ? reject(error) : resolve(result.profile))),
  )
  session.disconnect()
  const parents = new Map(profile.nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])))
  const frames = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]))
  /** @type {Map<string, number>} */
  const totals = new Map()
  let now = profile.startTime
  const { samples = [], timeDeltas = [] } = profile
  for (const [index, sample] of samples.entries()) {
    now += timeDeltas[index] ?? 0
    const at = (now - offset) / 1_000
    if (at < from || at > to) continue
    const seen = new Set()
    for (let /** @type {number | undefined} */ id = sample; id !== undefined; id = parents.get(id)) {
      const { functionName, url, lineNumber } = frames.get(id) ?? { functionName: '', url: '', lineNumber: 0 }
      seen.add(`${functionName || '(anonymous)'} ${url.split('/').slice(-2).join('/')}:${lineNumber + 1}`)
    }
    for (const name of seen) totals.set(name, (totals.get(name) ?? 0) + (timeDeltas[index] ?? 0) / 1_000)
  }
  return [...totals]
    .sort((a, b) => b[1] - a[1])
    .filter(([name]) => !name.startsWith('(root)'))
    .slice(0, 40)
    .map(([name, ms]) => `${ms.toFixed(1)} ms ${name}`)
}
