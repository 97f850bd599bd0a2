/** Reads the counts of a worker's lane from the store, if its thread's report may be out of date. */
import type { WorkerCore } from './core.js'

/** A thread may have found its lane empty just before new items came, so a completed worker asks once more. */
export async function lookAgain(worker: WorkerCore): Promise<void> {
  if (worker.config.dataset === null) return
  await worker.hold(async () => {
    if ((await isOver(worker)) === false) worker.send({ type: 'MORE' })
  })
}

/** Ends a breaker's wait if no task is left to try. */
export async function lookWhetherOver(worker: WorkerCore): Promise<void> {
  if (await isOver(worker)) worker.send({ type: 'WAKE' })
}

/** Whether the lane is complete, by the store's current counts; undefined without an answer. */
async function isOver({ id, parts: { store, lanes } }: WorkerCore): Promise<boolean | undefined> {
  const { counts } = await store.client.call('counts', { workers: [id] }).catch(() => ({ counts: [] }))
  lanes.update(counts)
  return counts[0]?.complete
}
