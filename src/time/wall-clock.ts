/**
 * Times of a steady clock, which nobody sets, as the wall clock shows them: for people, and for what outlives the process. The wall
 * clock may be set, and goes on while the machine sleeps.
 */

/** A smaller difference is no change: neither clock is exact, and a time that is shown must stand still. */
const leastMs = 1_000

interface Clocks {
  steady: () => number
  wall?: () => number
  /** The wall clock was set, or the machine slept. @param by in ms; negative: it was set back */
  onSet?: (by: number) => void
}

export class WallClock {
  readonly #clocks: Required<Clocks>
  /** How far it is ahead of the steady clock. */
  #ahead = 0

  constructor({ steady, wall = () => Date.now(), onSet = () => {} }: Clocks) {
    this.#clocks = { steady, wall, onSet }
    const { ahead } = this
    this.#ahead = Math.abs(ahead) < leastMs ? 0 : ahead
  }

  get ahead(): number {
    return this.#clocks.wall() - this.#clocks.steady()
  }

  /** Looks whether it was set. */
  look(): void {
    const by = this.ahead - this.#ahead
    if (Math.abs(by) < leastMs) return
    this.#ahead += by
    this.#clocks.onSet(by)
  }

  /** What the wall clock shows, if nobody sets it, at a time of the steady clock; null: no time. */
  shownAt<Time extends number | null>(time: Time): Time {
    return this.#moved(time, 1)
  }

  /** The time of the steady clock at which the wall clock shows a time; null: no time. */
  timeOf<Time extends number | null>(shown: Time): Time {
    return this.#moved(shown, -1)
  }

  #moved<Time extends number | null>(time: Time, sign: 1 | -1): Time {
    if (time === null) return time
    this.look()
    return (time + sign * this.#ahead) as Time
  }
}
