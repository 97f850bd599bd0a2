import type { RestartIntensity } from '../../options/tree.js'

/**
 * A supervisor's memory of its children's restarts: a sliding window in which time passes for a child only while nothing makes it
 * wait. On a plain clock a backoff longer than the window would keep a supervisor from ever giving up, as it does PM2 and systemd.
 */

interface ChildClock {
  /** How long it has waited, all in all. */
  waitedMs: number
  /** Since when it waits; null: it does not. */
  since: number | null
}

export class RestartWindow {
  readonly #intensity: Required<RestartIntensity>
  readonly #clocks = new Map<string, ChildClock>()
  #restarts: { child: string; at: number }[] = []

  constructor(intensity: Required<RestartIntensity>) {
    this.#intensity = intensity
  }

  /** A child begins or ceases to wait for its restart: in backoff, for its siblings, or for a slot. */
  waits(child: string, waiting: boolean, now: number): void {
    const clock = this.#clock(child)
    if (waiting === (clock.since !== null)) return
    if (clock.since !== null) clock.waitedMs += now - clock.since
    clock.since = waiting ? now : null
  }

  /** Counts one more restart. Answers how many that makes within the window, if these are too many; else null. */
  add(child: string, now: number): number | null {
    this.#restarts.push({ child, at: this.#active(child, now) })
    const oldest = (each: { child: string; at: number }): boolean => each.at >= this.#active(each.child, now) - this.#intensity.withinMs
    this.#restarts = this.#restarts.filter(oldest)
    return this.#restarts.length > this.#intensity.restarts ? this.#restarts.length : null
  }

  /** How many restarts count now. */
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
