/** Selects workers by the argument of a call. */

import { DroverError } from '../errors.js'
import { workerOf } from '../instance-ids.js'
import type { Tree } from '../machines/supervision/tree.js'
import type { CompiledWorker } from '../options/compiled.js'
import { type SupervisorNode, workersOf } from '../options/tree.js'
import { argumentError, checkId, checkName } from '../validation/arguments.js'
import { checkFilter } from '../validation/filters.js'
import { closest } from '../values/closest.js'

/**
 * A worker's id, which stands for all its instances, or the id of an instance; a supervisor's id, for all enabled workers below
 * it; a list of workers' ids; or an object, for all workers that match every part. Without a selector: all enabled workers.
 */
export type Selector = string | readonly string[] | { annotator?: string | number; domain?: string; worker?: string }

/**
 * @throws DroverError WORKER_UNKNOWN if an id does not exist or no worker matches; ARGUMENT_INVALID for an invalid selector
 */
export function select(workers: readonly CompiledWorker[], tree: Tree, selector: Selector | undefined): CompiledWorker[] {
  if (selector === undefined) return workers.filter(({ enabled }) => enabled)
  if (typeof selector === 'string') {
    const supervisor = tree.supervisor(selector)
    return supervisor && !supervisor.instances ? below(workers, supervisor) : byId(workers, selector)
  }
  if (isList(selector)) {
    const known = new Map(workers.map((worker) => [worker.id, worker]))
    const chosen = new Set(selector.flatMap((id) => known.get(id) ?? byId(workers, id)))
    return workers.filter((worker) => chosen.has(worker))
  }
  if (typeof selector !== 'object' || selector === null) {
    throw argumentError('the selector', "a worker's id, a list of them or { annotator, domain, worker }", selector)
  }
  checkFilter('the selector', selector, ['annotator', 'domain', 'worker'])
  const annotator = selector.annotator === undefined ? null : checkId('annotator', selector.annotator)
  const domain = selector.domain === undefined ? null : checkName('domain', selector.domain)
  const among = selector.worker === undefined ? workers : byId(workers, selector.worker)
  const matching = among.filter(
    (worker) => (annotator === null || annotator === worker.annotator) && (domain === null || domain === worker.domain),
  )
  if (matching.length === 0 && Object.keys(selector).length > 0)
    throw new DroverError('WORKER_UNKNOWN', `no worker matches ${JSON.stringify(selector)}`)
  return Object.keys(selector).length === 0 ? matching.filter(({ enabled }) => enabled) : matching
}

function below(workers: readonly CompiledWorker[], supervisor: SupervisorNode): CompiledWorker[] {
  const ids = new Set(workersOf(supervisor))
  return workers.filter(({ id, enabled }) => enabled && ids.has(id))
}

// Array.isArray does not tell readonly lists from objects.
const isList = (selector: Selector): selector is readonly string[] => Array.isArray(selector)

/**
 * The worker, or all its instances.
 *
 * @throws DroverError WORKER_UNKNOWN, ARGUMENT_INVALID
 */
export function byId(workers: readonly CompiledWorker[], id: string): CompiledWorker[] {
  const found = workers.find((worker) => worker.id === id)
  if (found) return [found]
  const instances = workers.filter((worker) => workerOf(worker.id) === id)
  if (instances.length > 0) return instances
  checkName("a worker's id", id)
  const near = closest(
    id,
    workers.map((worker) => workerOf(worker.id)),
  )
  const hint = near === undefined ? '' : `; did you mean ${JSON.stringify(near)}?`
  throw new DroverError('WORKER_UNKNOWN', `there is no worker ${JSON.stringify(id)}${hint}`)
}
