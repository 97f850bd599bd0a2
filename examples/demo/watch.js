// @ts-check
/** What happens to the workers while they run: when they began and ended, what brought them down, when they were back. */

/**
 * @typedef {object} SeenFailure
 * @property {string} worker
 * @property {import('drover').Failure} failure
 * @property {number | null} backAt
 */

export class Watch {
  /** @type {SeenFailure[]} */
  failures = []
  /** @type {Map<string, { from: number, to: number | null }>} */
  #spans = new Map()

  constructor(/** @type {import('drover').Drover} */ drover) {
    drover.on('worker:failure:recorded', ({ worker, failure }) => {
      this.failures.push({ worker, failure, backAt: this.#runningSince(worker, failure.at) })
    })
    drover.on('worker:state:changed', ({ worker, to, at }) => {
      if (to === 'running') {
        this.#began(worker, at)
        for (const seen of this.failures) if (seen.worker === worker) seen.backAt ??= at
      }
      const span = this.#spans.get(worker)
      if (to === 'completed' && span) span.to = at
    })
  }

  /** Seconds from a worker's first thread to its last label; null if it had no thread, or did not complete. */
  secondsOf(/** @type {string} */ worker) {
    const span = this.#spans.get(worker)
    return span?.to ? (span.to - span.from) / 1_000 : null
  }

  /** @type {Map<string, number>} */
  #lastStart = new Map()

  #began(/** @type {string} */ worker, /** @type {number} */ at) {
    this.#lastStart.set(worker, at)
    const span = this.#spans.get(worker)
    if (span) span.to = null
    else this.#spans.set(worker, { from: at, to: null })
  }

  /** A failure is recorded a moment after it happened; a quick restart may have come in between. */
  #runningSince(/** @type {string} */ worker, /** @type {number} */ failedAt) {
    const at = this.#lastStart.get(worker) ?? 0
    return at > failedAt ? at : null
  }
}
