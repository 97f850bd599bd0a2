/** Listeners of the log. A listener's error is logged only once, because that line goes to the same listener again. */
import type { LogRecord } from './record.js'

type Follower = (record: LogRecord) => void

export class LogFollowers {
  readonly #followers = new Set<Follower>()
  readonly #onThrow: (error: unknown) => void

  constructor(onThrow: (error: unknown) => void) {
    this.#onThrow = onThrow
  }

  get any(): boolean {
    return this.#followers.size > 0
  }

  /** @returns a function that removes the listener */
  add(listener: (record: LogRecord) => unknown): () => void {
    let threw = false
    const fail = (error: unknown): void => {
      if (threw) return
      threw = true
      this.#onThrow(error)
    }
    const follower = (record: LogRecord): void => {
      try {
        const returned = listener(record)
        if (returned instanceof Promise) returned.catch(fail)
      } catch (error) {
        fail(error)
      }
    }
    this.#followers.add(follower)
    return () => void this.#followers.delete(follower)
  }

  tell(record: LogRecord): void {
    for (const follower of [...this.#followers]) follower(record)
  }
}
