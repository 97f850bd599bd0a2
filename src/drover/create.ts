import { openSystem } from '../actors/system/open.js'
import type { DroverOptions } from '../options/drover.js'
import type { ReadonlyDeep } from '../readonly-deep.js'
import type { DatasetTypes } from '../typed-worker.js'
import { Drover } from './drover.js'

/**
 * Checks the configuration, opens the store, takes over the workers and leases of dead hosts, and makes the system. No worker
 * runs before `start()`.
 *
 * @typeParam Types what type of worker does each dataset, such as `{ messages: typeof sentiment }`; a union if several do. Then
 * `load` takes only items that those workers can do, and `results` has their results. It is taken on trust: nothing compares
 * it with `module`
 * @throws DroverError CONFIG_INVALID with every mistake at once, before anything is created; STORE_FOLDER_MISSING,
 * STORE_READ_ONLY, STORE_NOT_A_DATABASE, STORE_TOO_NEW, STORE_FAILED; BUNDLED in a bundle that drover was copied into
 * @example
 * const drover = await createDrover({
 *   store: 'data/drover.db',
 *   workers: matrix({ annotators: ['1', '2'], domains: ['urgency'], worker: () => ({ module: './annotate.worker.js', dataset: 'messages' }) }),
 * })
 * await drover.load('messages', [{ text: 'where is my order?' }])
 * const { exitCode } = await drover.run()
 */
export async function createDrover<Types extends DatasetTypes = DatasetTypes>(
  options: ReadonlyDeep<DroverOptions>,
): Promise<Drover<Types>> {
  return new Drover<Types>(await openSystem(options as DroverOptions))
}
