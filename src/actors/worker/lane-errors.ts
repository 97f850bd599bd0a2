/**
 * The failed attempts of a lane: logged at the first of each error and then now and then, counted for its status, and summed up
 * at the end. A lane that fails five thousand times a second logs no more than one that fails twice.
 */

import type { ErrorKind } from '../../errors.js'
import { describeKind, otherErrors } from '../../failures/error-groups.js'
import type { FailedAttempts } from '../../threads/protocol/messages.js'
import { plural } from '../../values/count.js'

/** Least time between two log lines. */
const sayEveryMs = 10_000
/** The time span of rates. */
const windowMs = 60_000
const sampleMs = 1_000
/** The most kinds of error. */
const mostKinds = 100
/** The most errors in one log line. */
const mostTold = 5

/** The latest error of a lane. */
export interface LaneError extends ErrorKind {
  /** When an attempt failed with it last, in ms since the epoch. */
  at: number
  /** How many attempts failed with it since the worker was started. */
  count: number
}

interface LaneErrorsMeans {
  worker: string
  /** Monotonic ms. */
  now: () => number
  /** Calls back after `ms`; returns a function that cancels it. */
  after: (ms: number, callback: () => void) => () => void
  warn: (message: string) => void
}

interface Tally extends ErrorKind {
  count: number
  dead: number
  key: string
}

export class LaneErrors {
  readonly #means: LaneErrorsMeans
  /** Since the worker was started. */
  #all = new Map<string, Tally>()
  /** Since the last line. */
  #untold = new Map<string, Tally>()
  #saidAt = Number.NEGATIVE_INFINITY
  #callOff: (() => void) | null = null
  #samples: { at: number; failed: number }[] = []
  /** Nothing failed since the last summary. */
  #ended = true
  #last: { kind: ErrorKind; at: number } | null = null

  constructor(means: LaneErrorsMeans) {
    this.#means = means
  }

  /** The latest error; null: none since the worker was started in this host. */
  get last(): LaneError | null {
    if (!this.#last) return null
    const { kind, at } = this.#last
    const { id, code, message, where } = kind
    return { id, code, message, where, at, count: this.#all.get(id)?.count ?? 1 }
  }

  /** Failed attempts a minute, over the last minute. */
  get perMinute(): number {
    if (this.#samples.length === 0) return 0
    const since = this.#means.now() - windowMs
    return this.#samples.reduce((sum, { at, failed }) => (at > since ? sum + failed : sum), 0)
  }

  /** Adds the errors of a thread's report. */
  take(errors: readonly FailedAttempts[]): void {
    const now = this.#means.now()
    if (this.#ended) this.#startOver()
    for (const failed of errors) {
      add(this.#all, failed)
      add(this.#untold, failed)
      if (!this.#last || failed.at >= this.#last.at) this.#last = { kind: failed, at: failed.at }
    }
    const latest = this.#samples.at(-1)
    const count = errors.reduce((sum, failed) => sum + failed.count, 0)
    if (latest && now - latest.at < sampleMs) latest.failed += count
    else this.#samples.push({ at: now, failed: count })
    while ((this.#samples[0]?.at ?? now) < now - windowMs) this.#samples.shift()
    const waitMs = this.#saidAt + sayEveryMs - now
    if (waitMs <= 0) this.#say()
    else this.#callOff ??= this.#means.after(waitMs, () => this.#say())
  }

  /** The lane has ended for now: logs a summary. */
  end(): void {
    this.#callOff?.()
    this.#callOff = null
    if (this.#ended) return
    this.#ended = true
    const all = [...this.#all.values()]
    // No summary if it would repeat the only line.
    if (all.length === 1 && all[0]?.count === 1 && this.#untold.size === 0) return
    const dead = all.reduce((sum, tally) => sum + tally.dead, 0)
    const redrive = dead > 0 ? `; when this is fixed, drover.redrive({ worker: '${this.#means.worker}' }) tries them again` : ''
    this.#means.warn(`${summed(all)}${redrive}`)
  }

  #startOver(): void {
    this.#ended = false
    this.#all = new Map()
    this.#untold = new Map()
    this.#saidAt = Number.NEGATIVE_INFINITY
  }

  #say(): void {
    this.#callOff?.()
    this.#callOff = null
    const untold = [...this.#untold.values()]
    if (untold.length === 0) return
    const first = this.#saidAt === Number.NEGATIVE_INFINITY
    this.#saidAt = this.#means.now()
    this.#untold = new Map()
    const [only] = untold
    if (first && untold.length === 1 && only && only.count === 1) {
      const what = only.dead > 0 ? `task ${only.key} is given up` : `an attempt at task ${only.key} failed`
      this.#means.warn(`${what}: ${describeKind(only)}`)
    } else {
      this.#means.warn(summed(untold, first ? '' : ' since the last line'))
    }
  }
}

function add(tallies: Map<string, Tally>, { count, dead, key, ...own }: FailedAttempts): void {
  const { id, code, message, where } = tallies.size < mostKinds || tallies.has(own.id) ? own : otherErrors
  const tally = tallies.get(id) ?? { id, code, message, where, count: 0, dead: 0, key }
  tally.count += count
  tally.dead += dead
  tallies.set(id, tally)
}

/** `12 attempts failed, 4 tasks were given up:` and the errors, each with how often and for which task first. */
function summed(tallies: Tally[], when = ''): string {
  const failed = tallies.reduce((sum, { count }) => sum + count, 0)
  const dead = tallies.reduce((sum, tally) => sum + tally.dead, 0)
  const sorted = [...tallies].sort((a, b) => b.count - a.count)
  const often = (count: number): string => (sorted.length === 1 ? '' : `, ${plural(count, 'time')}`)
  const told = sorted.slice(0, mostTold).map((tally) => `${describeKind(tally)}${often(tally.count)}, first at task ${tally.key}`)
  const rest = sorted.length - told.length
  if (rest > 0) told.push(`and ${plural(rest, 'other error')}`)
  const tasks = dead === 0 ? '' : `, ${plural(dead, 'task was', 'tasks were')} given up`
  return `${plural(failed, 'attempt')} failed${when}${tasks}:${told.length === 1 ? ` ${told[0]}` : `\n${told.join('\n')}`}`
}
