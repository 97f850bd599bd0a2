/**
 * Work in turns of the event loop: whatever is for thousands of workers is done for a few in each, so that beats, timers and sockets come
 * in between. What is for few is done at once.
 */

/** So many workers are dealt with in one turn. */
export const mostInTurn = 50

let latest: Promise<void> = Promise.resolve()

/** Settles when it is the caller's turn of the event loop: one caller in each, in the order of asking. Timers and sockets come between two. */
export function nextTurn(): Promise<void> {
  latest = latest.then(() => new Promise((resolve) => setImmediate(resolve)))
  return latest
}

/** Does something with each: with the first ones at once, and with so many more in each turn. Rejects with what the first one threw, when all had their turn. */
export async function inTurns<Item>(items: readonly Item[], work: (item: Item) => void): Promise<void> {
  await inTurnsAsync(items, async (item) => work(item))
}

/**
 * The same with what takes longer.
 *
 * @param atOnce how many may be under way together; the next ones begin when those before them are through
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

let shares = 0
let turnOver: Promise<void> | null = null

/** Settles within this turn of the event loop for the first fifty who ask in it, and for as many more in each turn after it. */
export async function shareOfTurn(): Promise<void> {
  for (;;) {
    turnOver ??= new Promise((resolve) => {
      setImmediate(() => {
        shares = 0
        turnOver = null
        resolve()
      })
    })
    if (shares < mostInTurn) break
    await turnOver
  }
  shares++
}

/** Goes through with work that was cut into pieces, one in each turn. */
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
