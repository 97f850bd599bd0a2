/**
 * Work in turns of the event loop: work for thousands of workers is done for a few in each turn, so that beats, timers and
 * sockets run in between. Work for few workers is done at once.
 */

/** Workers handled in one turn. */
export const mostInTurn = 25

/** Workers of which little is asked in one turn, and workers in one message to the store: its answer is read in one piece. */
export const mostInPiece = 500

let latest: Promise<void> = Promise.resolve()

/**
 * Settles at the caller's turn of the event loop: one caller in each turn, in the order of calls, with timers and sockets in
 * between.
 */
export function nextTurn(): Promise<void> {
  latest = latest.then(() => new Promise((resolve) => setImmediate(resolve)))
  return latest
}

/**
 * Calls `work` for each item: for the first ones at once, and for {@link mostInTurn} more in each turn. After all had their turn,
 * rejects with the first error.
 */
export async function inTurns<Item>(items: readonly Item[], work: (item: Item) => void): Promise<void> {
  await inTurnsAsync(items, async (item) => work(item))
}

/**
 * The same for asynchronous work.
 *
 * @param atOnce how many may run together; the next ones begin when these have ended
 */
export async function inTurnsAsync<Item, Answer>(
  items: readonly Item[],
  work: (item: Item) => Promise<Answer>,
  atOnce = mostInTurn,
): Promise<Answer[]> {
  const batches: Promise<PromiseSettledResult<Awaited<Answer>>[]>[] = []
  for (let from = 0; from < items.length; from += mostInTurn) {
    if (from > 0) {
      await batches.at(-atOnce / mostInTurn)
      await nextTurn()
    }
    batches.push(Promise.allSettled(items.slice(from, from + mostInTurn).map(work)))
  }
  const answers = (await Promise.all(batches)).flat()
  return answers.map((answer) => {
    if (answer.status === 'rejected') throw answer.reason
    return answer.value
  })
}

/** The same for work that is done for many together: for the first {@link mostInPiece}, then for as many more at a time. */
export async function inPieces<Item>(items: readonly Item[], work: (piece: Item[]) => Promise<void>): Promise<void> {
  for (let from = 0; from < items.length; from += mostInPiece) {
    if (from > 0) await nextTurn()
    await work(items.slice(from, from + mostInPiece))
  }
}

/** Lets a few callers go on in each turn of the event loop, in the order of their calls. */
export class TurnShares {
  readonly #mostInTurn: number
  readonly #waiting: (() => void)[] = []
  #taken = 0
  #turnEnds = false

  /** @param most callers that go on in one turn */
  constructor(most: number) {
    this.#mostInTurn = most
  }

  /** @returns null: the caller may go on at once; else a promise for its turn */
  take(): Promise<void> | null {
    this.#endTurn()
    if (this.#taken < this.#mostInTurn && this.#waiting.length === 0) {
      this.#taken++
      return null
    }
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  #endTurn(): void {
    if (this.#turnEnds) return
    this.#turnEnds = true
    setImmediate(() => {
      this.#turnEnds = false
      const next = this.#waiting.splice(0, this.#mostInTurn)
      this.#taken = next.length
      if (next.length > 0) this.#endTurn()
      for (const goOn of next) goOn()
    })
  }
}

const shares = new TurnShares(mostInTurn)

/** Settles within this turn of the event loop for its first callers, and for {@link mostInTurn} more in each later turn. */
export async function shareOfTurn(): Promise<void> {
  const turn = shares.take()
  if (turn) await turn
}

/** A list of what comes one by one, {@link mostInPiece} in each piece. */
export function* collected<Item>(items: Iterable<Item>): Generator<void, Item[], void> {
  const all: Item[] = []
  for (const item of items) {
    all.push(item)
    if (all.length % mostInPiece === 0) yield
  }
  return all
}

/** Runs work in pieces, one in each turn. */
export async function piecewise<Answer>(work: Generator<void, Answer, void>): Promise<Answer> {
  for (;;) {
    const { done, value } = work.next()
    if (done) return value
    await nextTurn()
  }
}

/** The same without a turn in between. */
export function atOnce<Answer>(work: Generator<void, Answer, void>): Answer {
  for (;;) {
    const { done, value } = work.next()
    if (done) return value
  }
}
