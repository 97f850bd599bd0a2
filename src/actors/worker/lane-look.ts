/** Looks in the store where a worker's lane stands, when what its thread said may be out of date. */
import type { WorkerCore } from './core.js'

/** A thread may have found its lane empty just before more came in: whoever completes asks once more. */
export async function lookAgain(worker: WorkerCore): Promise<void> {
  if (worker.config.dataset === null) return
  await worker.hold(async () => {
    if ((await isOver(worker)) === false) worker.send({ type: 'MORE' })
  })
}

/** There may be nothing left to try: then there is nothing to wait for. */
export async function lookWhetherOver(worker: WorkerCore): Promise<void> {
  if ((await isOver(worker)) && worker.state === 'parked') worker.send({ type: 'START' })
}

/** Whether nothing is left in its lane, as the store has it now; undefined: it does not say. */
async function isOver({ id, parts: { store, lanes } }: WorkerCore): Promise<boolean | undefined> {
  const { counts } = await store.client.call('counts', { workers: [id] }).catch(() => ({ counts: [] }))
  lanes.update(counts)
  return counts[0]?.complete
}
