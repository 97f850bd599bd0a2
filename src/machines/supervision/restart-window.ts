import type { RestartIntensity } from '../../options/tree.js'

/**
 * A supervisor's sliding window of its children's restarts. Time in which a child has to wait does not count. On a plain clock, a
 * backoff longer than the window would prevent giving up for ever, as in PM2 and systemd.
 */

interface ChildClock {
  /** Total time of waiting, in ms. */
  waitedMs: number
  /** Start of the current wait; null: no wait. */
  since: number | null
}

export class RestartWindow {
  readonly #intensity: Required<RestartIntensity>
  readonly #clocks = new Map<string, ChildClock>()
  #restarts: { child: string; at: number }[] = []

  constructor(intensity: Required<RestartIntensity>) {
    this.#intensity = intensity
  }

  /** Notes that a child begins or ends a wait for its restart: in backoff, for its siblings, or for a slot. */
  waits(child: string, waiting: boolean, now: number): void {
    const clock = this.#clock(child)
    if (waiting === (clock.since !== null)) return
    if (clock.since !== null) clock.waitedMs += now - clock.since
    clock.since = waiting ? now : null
  }

  /** Counts one more restart. @returns the number within the window if it is too high; else null */
  add(child: string, now: number): number | null {
    this.#restarts.push({ child, at: this.#active(child, now) })
    const oldest = (each: { child: string; at: number }): boolean => each.at >= this.#active(each.child, now) - this.#intensity.withinMs
    this.#restarts = this.#restarts.filter(oldest)
    return this.#restarts.length > this.#intensity.restarts ? this.#restarts.length : null
  }

  /** Number of restarts within the window. */
  count(now: number): number {
    return this.#restarts.filter(({ child, at }) => at >= this.#active(child, now) - this.#intensity.withinMs).length
  }

  forget(child: string): void {
    this.#clocks.delete(child)
    this.#restarts = this.#restarts.filter((restart) => restart.child !== child)
  }

  #active(child: string, now: number): number {
    const { waitedMs, since } = this.#clock(child)
    return now - waitedMs - (since === null ? 0 : now - since)
  }

  #clock(child: string): ChildClock {
    const known = this.#clocks.get(child)
    if (known) return known
    const fresh: ChildClock = { waitedMs: 0, since: null }
    this.#clocks.set(child, fresh)
    return fresh
  }
}
