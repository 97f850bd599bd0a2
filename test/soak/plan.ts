/**
 * What is done to whom, and when: a function of the seed alone, so that a run can be repeated. (What it meets cannot: threads and processes
 * keep their own time.)
 */

import { seededRandom } from '../../src/testing/seeded-random.js'
import { concurrency, groups, subjects } from './subject.js'

/** What befalls a thread. `terminate` comes from outside, the others from within. */
export type ThreadFault = 'terminate' | 'exit' | 'park' | 'throw' | 'reject' | 'fail' | 'spin' | 'block' | 'stall' | 'eat memory'

type Deed =
  | { do: 'fault'; worker: string; how: ThreadFault }
  | { do: 'pause' | 'resume' | 'stop' | 'restart' | 'blacklist'; worker: string }
  /** Starts all. */
  | { do: 'start' }
  /** Resets and starts those that are blacklisted. */
  | { do: 'reset' }
  | { do: 'concurrency'; limit: number; group: keyof typeof groups | null }
  /** Items by their numbers, the last one not included. */
  | { do: 'load'; dataset: 'metered' | 'free'; from: number; to: number }
  /** `after commit`: what it had committed is not answered any more. */
  | { do: 'kill store'; how: 'at once' | 'after commit' | 'terminate' }
  /** The host gets SIGKILL, and the next one comes up. */
  | { do: 'kill host' }
  /** The host closes in order, and the next one comes up. */
  | { do: 'close host' }
  /** Looks at all results while work goes on. */
  | { do: 'look' }
  /** Everything is stopped and measured, then started again. */
  | { do: 'quiet' }

export type Step = Deed & {
  /** Wait before it. */
  afterMs: number
}

export interface PlanOptions {
  seed: number
  minutes: number
  workers: number
}

const faultWeights: [ThreadFault, number][] = [
  ['terminate', 14],
  ['exit', 8],
  ['park', 3],
  ['throw', 6],
  ['reject', 5],
  ['fail', 4],
  ['spin', 4],
  ['block', 3],
  ['stall', 3],
  ['eat memory', 2],
]
const deedWeights: [Deed['do'], number][] = [
  ['fault', 56],
  ['pause', 6],
  ['resume', 8],
  ['stop', 4],
  ['restart', 5],
  ['blacklist', 2],
  ['start', 12],
  ['reset', 8],
  ['concurrency', 3],
  ['look', 2],
]

/** Mean time between these. */
const everyMs = { quiet: 9_000, host: 28_000, store: 12_000, load: 2_500 }
/** The store thread may die five times a minute; a sixth death is the end of the system, as documented. */
const storeDeaths = { allowed: 4, withinMs: 65_000 }
/** What is loaded at first, and each time after: a little more than is done meanwhile, so that most have work. */
const first = { metered: 6, free: 80 }
const batch = { metered: 2, free: 15 }

export function plan({ seed, minutes, workers }: PlanOptions): Step[] {
  const random = seededRandom(seed)
  const ids = subjects(workers).map(({ id }) => id)
  const datasets = [...new Set(subjects(workers).map(({ dataset }) => dataset))]
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
  const weighted = <T>(list: readonly [T, number][]): T => {
    let left = random() * list.reduce((sum, [, weight]) => sum + weight, 0)
    for (const [value, weight] of list) {
      left -= weight
      if (left < 0) return value
    }
    return (list.at(-1) as [T, number])[0]
  }
  const upTo = (least: number, most: number): number => least + Math.floor(random() * (most - least + 1))
  const soon = (ms: number): number => ms * (0.6 + 0.8 * random())

  const steps: Step[] = []
  const loaded = { metered: 0, free: 0 }
  const deaths: number[] = []
  let time = 0
  const next = { quiet: soon(everyMs.quiet), host: soon(everyMs.host / 2), store: soon(everyMs.store), load: 0 }

  function load(): Deed[] {
    return datasets.map((dataset) => {
      const from = loaded[dataset]
      loaded[dataset] += (from === 0 ? first : batch)[dataset]
      return { do: 'load', dataset, from, to: loaded[dataset] }
    })
  }

  function killStore(): Deed[] {
    if (deaths.filter((at) => at > time - storeDeaths.withinMs).length >= storeDeaths.allowed) return []
    deaths.push(time)
    return [{ do: 'kill store', how: pick(['at once', 'after commit', 'terminate']) }]
  }

  function endHost(): Deed[] {
    const end: Deed = { do: random() < 0.8 ? 'kill host' : 'close host' }
    const before = random()
    // What was just answered, and what was just seen, must survive it.
    if (before < 0.3) return [{ do: 'look' }, end]
    if (before < 0.6) return [{ do: 'blacklist', worker: pick(ids) }, end]
    return [end]
  }

  function any(): Deed {
    const what = weighted(deedWeights)
    switch (what) {
      case 'fault':
        return { do: what, worker: pick(ids), how: weighted(faultWeights) }
      case 'pause':
      case 'resume':
      case 'stop':
      case 'restart':
      case 'blacklist':
        return { do: what, worker: pick(ids) }
      case 'concurrency': {
        const group = random() < 0.4 ? 'narrow' : null
        return { do: what, group, limit: group ? upTo(1, groups.narrow) : upTo(4, concurrency) }
      }
      default:
        return { do: what } as Deed
    }
  }

  const due = { load, store: killStore, host: endHost, quiet: (): Deed[] => [{ do: 'quiet' }] }
  while (time < minutes * 60_000) {
    const afterMs = Math.round(40 + random() * 320)
    time += afterMs
    const names = (['load', 'store', 'host', 'quiet'] as const).filter((name) => time >= next[name])
    const deeds = names.flatMap((name) => due[name]())
    if (deeds.length === 0) deeds.push(any())
    for (const name of names) next[name] = time + soon(everyMs[name])
    deeds.forEach((deed, index) => {
      steps.push({ ...deed, afterMs: index === 0 ? afterMs : 0 })
    })
  }
  return steps
}
