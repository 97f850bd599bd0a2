/** Some of the workers of a tally, in the order of the configuration. */

/** A worker with its place in that order. */
export interface Placed<Worker> {
  readonly place: number
  worker: Worker
}

/** How many there are, and the first of them. */
export interface Some<Worker> {
  readonly size: number
  /** At most so many. */
  first(most: number): Placed<Worker>[]
}

export class InOrder<Worker> implements Some<Worker> {
  readonly #all: Placed<Worker>[] = []

  get size(): number {
    return this.#all.length
  }

  /** The first ones, at most so many. */
  first(most: number): Placed<Worker>[] {
    return this.#all.slice(0, most)
  }

  *[Symbol.iterator](): Generator<Placed<Worker>> {
    yield* this.#all
  }

  /** Adds one that is not there, or removes one that is. */
  change(one: Placed<Worker>, isIn: boolean): void {
    const at = this.#before(one.place)
    if (isIn) this.#all.splice(at, 0, one)
    else this.#all.splice(at, 1)
  }

  /** The index of the first one at this place or a later one. */
  #before(place: number): number {
    let [from, to] = [0, this.#all.length]
    while (from < to) {
      const middle = (from + to) >> 1
      if ((this.#all[middle] as Placed<Worker>).place < place) from = middle + 1
      else to = middle
    }
    return from
  }
}
