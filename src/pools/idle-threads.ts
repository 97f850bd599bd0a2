/** Ready threads without a task. Those beyond the least number are ended when they have had none for a while. */
import type { CompiledPool } from '../options/pool.js'
import type { PoolThread, PoolThreads } from './pool-threads.js'

export class IdleThreads {
  readonly #config: CompiledPool
  readonly #threads: PoolThreads
  /** The one that waits longest first. The one that waits shortest is used first, so that the others can end. */
  readonly #idle: PoolThread[] = []
  #timer: NodeJS.Timeout | null = null

  constructor(config: CompiledPool, threads: PoolThreads) {
    this.#config = config
    this.#threads = threads
  }

  get some(): boolean {
    return this.#idle.length > 0
  }

  take(): PoolThread | undefined {
    return this.#idle.pop()
  }

  add(thread: PoolThread, now: number): void {
    thread.idleSince = now
    this.#idle.push(thread)
    if (this.#timer === null && this.#threads.live.size > this.#config.size.min) this.#endLater(this.#config.idleMs)
  }

  remove(thread: PoolThread): void {
    const place = this.#idle.indexOf(thread)
    if (place !== -1) this.#idle.splice(place, 1)
  }

  endAll(): void {
    this.stop()
    for (const thread of this.#idle.splice(0)) this.#threads.end(thread)
  }

  /** From now on none is ended. */
  stop(): void {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
  }

  #endLater(ms: number): void {
    this.#timer = setTimeout(() => {
      this.#timer = null
      const { idleMs, size } = this.#config
      const now = performance.now()
      let beyond = [...this.#threads.live].filter(({ asked }) => !asked).length - size.min
      for (; beyond > 0 && this.#idle[0] && now - this.#idle[0].idleSince >= idleMs; beyond--) {
        this.#threads.end(this.#idle.shift() as PoolThread)
      }
      const [next] = this.#idle
      if (next && beyond > 0) this.#endLater(Math.max(1, next.idleSince + idleMs - now))
    }, ms)
    this.#timer.unref()
  }
}
