/** What somebody waits for: looked at whenever something has changed that it may be about. */
export class Conditions {
  /** Called when something has changed. */
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
    // Once for all that happens in a turn of the event loop: they look at all workers, and there may be thousands.
    setImmediate(() => {
      this.#changing = false
      for (const look of [...this.watchers]) {
        try {
          look()
        } catch (error) {
          this.watchers.delete(look)
          this.#report('a condition that somebody waited for failed', error)
        }
      }
    })
  }
}
