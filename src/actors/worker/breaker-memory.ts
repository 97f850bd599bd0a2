/** A worker's breaker in its host, for the next thread and the next host. The worker's thread opens and closes it. */
import { describeKind } from '../../failures/error-groups.js'
import type { Left, OpenBreaker } from '../../machines/lifecycle/contract.js'
import type { Streak } from '../../machines/task-breaker.js'
import type { ThreadReport } from '../../threads/protocol/messages.js'
import { backoffDelay } from '../../time/backoff.js'
import type { WorkerCore } from './core.js'

/** In a new host a worker tries at once, without the rest of its breaker's wait, because the cause may have been mended. */
export function triesAtOnce({ state, memory }: Left): Left {
  return memory.breaker && state === 'parked' ? { state: 'idle', memory: { ...memory, until: null } } : { state, memory }
}

export class BreakerMemory {
  readonly #worker: WorkerCore
  #open: OpenBreaker | null
  /** Attempts in a row that failed with one error, by the thread's last report. */
  #streak: Streak | null = null

  constructor(worker: WorkerCore, open: OpenBreaker | null) {
    this.#worker = worker
    this.#open = open
  }

  /** The open breaker: tasks are held back or tried one by one; null: closed. */
  get open(): OpenBreaker | null {
    return this.#open
  }

  /** The breaker's state for a new thread. */
  get boot(): { open: boolean; streak: Streak | null } {
    return { open: this.#open !== null, streak: this.#streak }
  }

  /** Restores the state that an earlier host left. */
  restore(open: OpenBreaker | null): void {
    this.#open = open
  }

  forget(): void {
    this.#open = null
    this.#streak = null
  }

  streakIs(streak: Streak | null): void {
    this.#streak = streak
  }

  /** Attempts keep failing: parks with growing waits, or pauses; after that one task is tried. */
  opened({ error, attempts }: Extract<ThreadReport, { type: 'breaker-opened' }>): void {
    const worker = this.#worker
    const { breaker } = worker.config.tasks
    if (breaker === null) return
    const at = worker.now()
    const openings = (this.#open?.openings ?? 0) + 1
    const waitMs = backoffDelay({ initialMs: breaker.forMs, factor: 2, maxMs: breaker.maxMs, jitter: 0 }, openings - 1)
    const until = breaker.do === 'park' ? at + waitMs : null
    this.#open = { error, since: this.#open?.since ?? at, until, openings }
    const shown = worker.parts.wallClock.shownAt(until)
    worker.parts.publish('lane:breaker:opened', { worker: worker.id, error, attempts, openings, until: shown, at })
    const many = breaker.failures < 1 ? 'too many attempts failed' : `${attempts} attempts in a row failed`
    const what = openings > 1 ? 'the trial task failed too' : many
    const next = shown === null ? 'paused: resume it to try one task' : `waits until ${new Date(shown).toISOString()}, then tries one task`
    const reason = `${what}: ${describeKind(error)}`
    worker.log.warn(`${reason}; ${next} (tasks.breaker)`)
    if (until === null) worker.send({ type: 'PAUSE', byItself: true, reason })
    else worker.send({ type: 'PARK', until, reason })
  }

  closed(): void {
    if (this.#open === null) return
    this.#open = null
    const worker = this.#worker
    worker.parts.publish('lane:breaker:closed', { worker: worker.id, at: worker.now() })
    worker.log.info('the trial task succeeded: the lane continues at full speed')
    worker.keep(worker.memory)
  }
}
