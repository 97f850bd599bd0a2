/**
 * Measures how long threads waited for a core. Linux counts for each thread how long it ran and how long it was ready without
 * running (`schedstat`); other systems report 0.
 *
 * A thread also sleeps while helper threads work for it: V8 collects garbage on threads that all isolates share, so every thread
 * of the process may wait for a helper that gets no core.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** A longer sleep is not a wait for helper threads. */
const longestNapMs = 3_000

interface Account {
  ranMs: number
  waitedMs: number
}

/** The operating system's id of the calling thread; 0 if not known. */
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

/** Milliseconds since its start in which the thread was ready but did not run. */
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
  /** By tid: current time without running. */
  #naps = new Map<number, number>()
  #lookedAt: number

  constructor(now: number) {
    this.#lookedAt = now
  }

  /**
   * Updates the accounts of all threads of this process since the last look.
   *
   * @param workers tids of the workers' threads
   * @param countedMs counted length of the time since the last look
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

  /** Starved part of the counted time since the first look at a worker. */
  of(tid: number): number {
    return this.#starved.get(tid) ?? 0
  }
}

/** A reused tid starts at 0, as a new one does. */
function since(before: Account | undefined, { ranMs, waitedMs }: Account): Account {
  if (!before || ranMs < before.ranMs) return { ranMs: 0, waitedMs: 0 }
  return { ranMs: ranMs - before.ranMs, waitedMs: Math.max(0, waitedMs - before.waitedMs) }
}
