/** What is for many workers at once. */
import { inTurns } from '../../time/turns.js'
import type { WorkerHands } from '../worker/worker.js'

/**
 * Asks each of them for something, a few in each turn of the event loop. Whatever else comes to one of them before it is its turn, comes after
 * that: for each worker it is as if all had been asked at once.
 */
export async function askAll<Answer>(all: readonly WorkerHands[], ask: (hands: WorkerHands) => Answer): Promise<Answer[]> {
  const answers: Answer[] = []
  for (const [index, hands] of all.entries()) {
    hands.owe(() => {
      answers[index] = ask(hands)
    })
  }
  await inTurns(all, (hands) => hands.catchUp())
  return answers
}
