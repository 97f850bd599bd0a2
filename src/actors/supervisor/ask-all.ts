/** Calls for many workers at once. */
import { inTurns, mostInPiece, nextTurn } from '../../time/turns.js'

/** Keeps what it is asked for until its turn. */
export interface Owing {
  owe(act: () => void): void
  /** Does what it owes. */
  catchUp(): void
}

/**
 * Asks each worker, a few in each turn of the event loop. A later call to a worker comes after this one, so each worker sees the
 * calls as if all had been asked at once.
 */
export async function askAll<Worker extends Owing, Answer>(all: readonly Worker[], ask: (worker: Worker) => Answer): Promise<Answer[]> {
  const answers: Answer[] = []
  for (const [index, worker] of all.entries()) {
    worker.owe(() => {
      answers[index] = ask(worker)
    })
  }
  // Of so many, choosing them and the noting were enough for one turn.
  if (all.length > mostInPiece) await nextTurn()
  await inTurns(all, (worker) => worker.catchUp())
  return answers
}
