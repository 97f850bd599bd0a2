/**
 * How long threads could not go on because others had the cores. Linux counts for each thread how long it ran and how long it stood
 * ready without running (`schedstat`); where nobody counts, 0 is what is known.
 *
 * A thread also sleeps while helpers work for it: V8 collects garbage on threads that all isolates share, and everybody in the process
 * may wait for one of those that gets no core.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** A thread that sleeps longer on end does not wait for helpers. */
const longestNapMs = 3_000

interface Account {
  ranMs: number
  waitedMs: number
}

/** What the operating system calls the thread that asks; 0 where it does not say. */
export function ownTid(): number {
  try {
    return Number(readlinkSync('/proc/thread-self').split('/').at(-1))
  } catch {
    return 0
  }
}

function accountOf(tid: number): Account | null {
  try {
    const [ran, waited] = readFileSync(`/proc/${tid}/schedstat`, 'utf8').split(' ').map(Number)
    return { ranMs: (ran ?? 0) / 1e6, waitedMs: (waited ?? 0) / 1e6 }
  } catch {
    return null
  }
}

/** Milliseconds since the thread began for which it stood ready and did not run. */
export function waitedMs(tid: number): number {
  return tid === 0 ? 0 : (accountOf(tid)?.waitedMs ?? 0)
}

function allTids(): number[] {
  try {
    return readdirSync('/proc/self/task').map(Number)
  } catch {
    return []
  }
}

export class Starvation {
  /** By tid, as of the last look. */
  #accounts = new Map<number, Account>()
  #starved = new Map<number, number>()
  /** By tid: how long it has not run at all. */
  #naps = new Map<number, number>()
  #lookedAt: number

  constructor(now: number) {
    this.#lookedAt = now
  }

  /**
   * Reads what the threads of this process went through since the last look.
   *
   * @param workers those that are asked about
   * @param countedMs what the time since then counts for
   */
  look(workers: readonly number[], now: number, countedMs: number): void {
    const passedMs = Math.max(1, now - this.#lookedAt)
    this.#lookedAt = now
    const before = this.#accounts
    const starved = this.#starved
    const naps = this.#naps
    this.#naps = new Map()
    this.#accounts = new Map()
    this.#starved = new Map()
    if (workers.length === 0) return
    const own = new Set(workers)
    let helpersMs = 0
    for (const tid of new Set([...allTids(), ...own])) {
      const account = accountOf(tid)
      if (!account) continue
      this.#accounts.set(tid, account)
      if (!own.has(tid) && tid !== process.pid) helpersMs = Math.max(helpersMs, since(before.get(tid), account).waitedMs)
    }
    for (const tid of own) {
      const account = this.#accounts.get(tid)
      if (!account) continue
      const { ranMs, waitedMs } = since(before.get(tid), account)
      const napMs = ranMs === 0 ? (naps.get(tid) ?? 0) + passedMs : 0
      this.#naps.set(tid, napMs)
      const sleptMs = napMs > longestNapMs ? 0 : Math.max(0, passedMs - ranMs - waitedMs)
      const share = Math.min(1, (waitedMs + Math.min(sleptMs, helpersMs)) / passedMs)
      this.#starved.set(tid, (starved.get(tid) ?? 0) + share * countedMs)
    }
  }

  /** How much of what was counted since a worker was first looked at. */
  of(tid: number): number {
    return this.#starved.get(tid) ?? 0
  }
}

/** A number that was used again begins anew, as one does that was not seen before. */
function since(before: Account | undefined, { ranMs, waitedMs }: Account): Account {
  if (!before || ranMs < before.ranMs) return { ranMs: 0, waitedMs: 0 }
  return { ranMs: ranMs - before.ranMs, waitedMs: Math.max(0, waitedMs - before.waitedMs) }
}
