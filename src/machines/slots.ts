/**
 * The concurrency slots: how many workers may have a thread at once, in all and by group, and which is next. Pure bookkeeping;
 * grants go to a callback.
 */

/** A worker's request for a slot. */
export interface SlotRequest {
  worker: string
  /** Higher goes first. */
  priority: number
  /** The group whose limit counts too, or null. */
  group: string | null
}

export interface SlotsOptions {
  /** At least 1. */
  limit: number
  /** Limits by group, each at least 1. @defaultValue none */
  groups?: Readonly<Record<string, number>>
  /** Monotonic ms, for the age of waiting requests. */
  now: () => number
  /** Called with each worker that gets a slot. */
  grant: (worker: string) => void
}

/** A limit that is too low for the requests. */
export interface SlotShortage {
  /** null: the limit for all. */
  group: string | null
  limit: number
  free: number
  /** Workers that would have to wait for it. */
  workers: string[]
}

interface Waiting extends SlotRequest {
  /** Place in the queue: the lower, the sooner. */
  rank: number
}

interface SlotHolder extends SlotRequest {
  /** Order of being granted. */
  turn: number
  /** Its thread did not end, so it cannot give the slot up. */
  lost: boolean
}

/** Each wait of this length counts as one step of priority, so that no worker waits for ever behind new ones. */
const agingMs = 60_000

export class Slots {
  readonly #now: () => number
  readonly #grant: (worker: string) => void
  readonly #groups: Map<string, number>
  #limit: number
  readonly #holders = new Map<string, SlotHolder>()
  /** In order of going. */
  readonly #queue: Waiting[] = []
  /** The same, by worker. */
  readonly #waiting = new Map<string, Waiting>()
  #turn = 0
  #shut = false

  constructor({ limit, groups = {}, now, grant }: SlotsOptions) {
    this.#limit = limit
    this.#groups = new Map(Object.entries(groups))
    this.#now = now
    this.#grant = grant
  }

  get limit(): number {
    return this.#limit
  }
  get used(): number {
    return this.#holders.size
  }
  get queued(): number {
    return this.#queue.length
  }
  /** Workers that have a slot. */
  get holders(): Iterable<string> {
    return this.#holders.keys()
  }
  /** Whether a worker has a slot. */
  holds(worker: string): boolean {
    return this.#holders.has(worker)
  }

  /** Whether another worker could get a slot if this one gave up its own. */
  isWaitedFor(worker: string): boolean {
    const holder = this.#holders.get(worker)
    if (!holder || this.#isOver(holder.group)) return holder !== undefined
    const hasRoom = (group: string | null): boolean =>
      group === null || group === holder.group || this.#usedBy(group) < this.#limitOf(group)
    return this.#queue.some(({ group }) => hasRoom(group))
  }

  /** Each group's limit, and how much of it is used. */
  get groups(): Record<string, { limit: number; used: number }> {
    return Object.fromEntries([...this.#groups].map(([group, limit]) => [group, { limit, used: this.#usedBy(group) }]))
  }

  /**
   * Asks for a slot. A worker that already has one is granted it again at once, unless the limit was lowered meanwhile. Higher
   * priority goes first, then the earlier request; each minute of waiting counts as one step of priority.
   */
  request({ worker, priority, group }: SlotRequest): void {
    if (this.#holders.has(worker)) {
      if (!this.#isOver(group)) {
        this.#grant(worker)
        return
      }
      this.#holders.delete(worker)
    }
    if (this.#shut || this.#waiting.has(worker)) return
    // All age alike, so the rank is the time of an equal request with priority 0.
    const rank = this.#now() - priority * agingMs
    const waiting = { worker, priority, group, rank }
    this.#queue.splice(this.#after(rank), 0, waiting)
    this.#waiting.set(worker, waiting)
    this.#fill()
  }

  /** From now on no more workers get a slot, and none waits for one. */
  shut(): void {
    this.#shut = true
    this.#queue.length = 0
    this.#waiting.clear()
  }

  /** Takes workers out of the queue, all at once. Those that have a slot keep it. */
  withdraw(workers: Iterable<string>): void {
    for (const worker of workers) this.#waiting.delete(worker)
    let kept = 0
    for (const waiting of this.#queue) if (this.#waiting.has(waiting.worker)) this.#queue[kept++] = waiting
    this.#queue.length = kept
  }

  /** Gives back a slot or a place in the queue. */
  release(worker: string): void {
    const waiting = this.#waiting.get(worker)
    if (waiting) this.#leave(this.#queue.lastIndexOf(waiting, this.#after(waiting.rank)))
    if (this.#holders.delete(worker)) this.#fill()
  }

  /**
   * Keeps the worker's slot taken for a thread that did not end. @returns the name under which the slot can be released if the
   * thread ends after all
   */
  lose(worker: string): string {
    const name = `${worker} (unkillable ${this.#turn++})`
    const holder = this.#holders.get(worker)
    if (holder && this.#holders.delete(worker)) this.#holders.set(name, { ...holder, worker: name, lost: true })
    return name
  }

  /**
   * Changes the limit for all or for a group. After a raise, free slots are granted at once.
   *
   * @returns after a cut: the workers that must give up their slots, those of the lowest priority, the latest first. They do so
   * by releasing the slot or asking again
   */
  setLimit(limit: number, group: string | null = null): string[] {
    if (group === null) this.#limit = limit
    else this.#groups.set(group, limit)
    this.#fill()
    return this.#surplus()
  }

  /**
   * The limit for which some of these requests would have to wait; null: all would be granted at once.
   *
   * @param yielding workers that give up their slots to waiting ones
   */
  shortage(requests: readonly SlotRequest[], yielding: ReadonlySet<string> = new Set()): SlotShortage | null {
    const ahead = [...requests, ...this.#queue]
    const short = (group: string | null, limit: number): SlotShortage | null => {
      const of = (request: SlotRequest): boolean => group === null || request.group === group
      const waiting = ahead.filter(of).length - requests.filter(of).length
      const free = Math.max(
        0,
        limit - [...this.#holders.values()].filter((holder) => of(holder) && !yielding.has(holder.worker)).length - waiting,
      )
      const workers = requests.filter(of).map(({ worker }) => worker)
      return workers.length > free ? { group, limit, free, workers } : null
    }
    for (const [group, limit] of this.#groups) {
      const found = short(group, limit)
      if (found) return found
    }
    return short(null, this.#limit)
  }

  #usedBy(group: string): number {
    let used = 0
    for (const holder of this.#holders.values()) if (holder.group === group) used++
    return used
  }

  #limitOf(group: string): number {
    return this.#groups.get(group) ?? Number.POSITIVE_INFINITY
  }

  /** Whether more workers hold a slot than the limit allows. */
  #isOver(group: string | null): boolean {
    return this.#holders.size > this.#limit || (group !== null && this.#usedBy(group) > this.#limitOf(group))
  }

  #surplus(): string[] {
    const least = [...this.#holders.values()].filter(({ lost }) => !lost).sort((a, b) => a.priority - b.priority || b.turn - a.turn)
    const leaving = new Set<string>()
    for (const [group, limit] of this.#groups) {
      const over = this.#usedBy(group) - limit
      for (const holder of least.filter((each) => each.group === group).slice(0, Math.max(0, over))) leaving.add(holder.worker)
    }
    for (const { worker } of least) {
      if (this.#holders.size - leaving.size <= this.#limit) break
      leaving.add(worker)
    }
    return [...leaving]
  }

  /** The index in the queue behind all requests of this or a lower rank. */
  #after(rank: number): number {
    let [from, to] = [0, this.#queue.length]
    while (from < to) {
      const middle = (from + to) >> 1
      if ((this.#queue[middle] as Waiting).rank > rank) to = middle
      else from = middle + 1
    }
    return from
  }

  /** Removes the request at an index from the queue. */
  #leave(place: number): Waiting | undefined {
    const [next] = place < 0 ? [] : this.#queue.splice(place, 1)
    if (next) this.#waiting.delete(next.worker)
    return next
  }

  #fill(): void {
    while (this.#holders.size < this.#limit) {
      // A request whose group is full lets others pass.
      const next = this.#leave(this.#queue.findIndex(({ group }) => group === null || this.#usedBy(group) < this.#limitOf(group)))
      if (!next) return
      const { worker, priority, group } = next
      this.#holders.set(worker, { worker, priority, group, turn: this.#turn++, lost: false })
      this.#grant(worker)
    }
  }
}
