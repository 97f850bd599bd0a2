/** Which workers a call means. */
import { distance } from 'fastest-levenshtein'
import { DroverError } from './errors.js'
import { type SupervisorNode, workersOf } from './machines/supervision.js'
import type { Tree } from './machines/tree.js'
import type { CompiledWorker } from './options.js'

/**
 * One worker's id; a supervisor's id, for all that are enabled below it; a list of workers' ids; or all workers that match. Nothing
 * given: all that are enabled.
 */
export type Selector = string | readonly string[] | { annotator?: string | number; domain?: string; worker?: string }

/**
 * @throws DroverError WORKER_UNKNOWN when an id, or a whole selector, names nobody
 */
export function select(workers: readonly CompiledWorker[], tree: Tree, selector: Selector | undefined): CompiledWorker[] {
  if (selector === undefined) return workers.filter(({ enabled }) => enabled)
  if (typeof selector === 'string') {
    const supervisor = tree.supervisor(selector)
    return supervisor ? below(workers, supervisor) : [byId(workers, selector)]
  }
  if (isList(selector)) {
    const chosen = new Set(selector.map((id) => byId(workers, id)))
    return workers.filter((worker) => chosen.has(worker))
  }
  if (typeof selector !== 'object' || selector === null) {
    throw new DroverError(
      'ARGUMENT_INVALID',
      `a worker's id, a list of them or { annotator, domain, worker } was expected, got ${typeof selector}`,
    )
  }
  if (selector.worker !== undefined) return [byId(workers, selector.worker)]
  const matching = workers.filter(
    ({ annotator, domain }) =>
      (selector.annotator === undefined || String(selector.annotator) === annotator) &&
      (selector.domain === undefined || selector.domain === domain),
  )
  if (matching.length === 0) throw new DroverError('WORKER_UNKNOWN', `no worker matches ${JSON.stringify(selector)}`)
  const all = selector.annotator === undefined && selector.domain === undefined
  return all ? matching.filter(({ enabled }) => enabled) : matching
}

function below(workers: readonly CompiledWorker[], supervisor: SupervisorNode): CompiledWorker[] {
  const ids = new Set(workersOf(supervisor))
  return workers.filter(({ id, enabled }) => enabled && ids.has(id))
}

// Array.isArray does not tell readonly lists from objects.
const isList = (selector: Selector): selector is readonly string[] => Array.isArray(selector)

/** @throws DroverError WORKER_UNKNOWN */
export function byId(workers: readonly CompiledWorker[], id: string): CompiledWorker {
  const found = workers.find((worker) => worker.id === id)
  if (found) return found
  const near = workers.map((worker) => worker.id).sort((a, b) => distance(a, id) - distance(b, id))[0]
  const hint = near !== undefined && distance(near, id) <= Math.max(2, id.length / 4) ? `; did you mean ${JSON.stringify(near)}?` : ''
  throw new DroverError('WORKER_UNKNOWN', `there is no worker ${JSON.stringify(id)}${hint}`)
}
