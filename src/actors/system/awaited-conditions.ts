/** Conditions that calls wait for, checked after each change that may concern them. */
export class AwaitedConditions {
  /** Called after changes. */
  readonly watchers = new Set<() => void>()
  readonly #report: (what: string, error: unknown) => void
  #changing = false

  constructor(report: (what: string, error: unknown) => void) {
    this.#report = report
  }

  /** Settles when the condition holds; rejects with what it throws. */
  until = (condition: () => boolean): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        try {
          if (!condition()) return
          resolve()
        } catch (error) {
          reject(error)
        }
        this.watchers.delete(look)
      }
      this.watchers.add(look)
      look()
    })

  changed = (): void => {
    if (this.#changing) return
    this.#changing = true
    // Once for all changes in a turn of the event loop, because conditions look at all workers, perhaps thousands.
    setImmediate(() => {
      this.#changing = false
      for (const look of [...this.watchers]) {
        try {
          look()
        } catch (error) {
          this.watchers.delete(look)
          this.#report('the condition of a waiting call threw an error', error)
        }
      }
    })
  }
}
