/** Selects the workers of a call: they meet all given conditions. */
import * as v from 'valibot'
import type { TreeStatus } from '../../actors/system/status.js'
import type { Drover } from '../../drover/drover.js'
import { DroverError } from '../../errors.js'
import { name } from '../contract/common.js'
import { workerState } from '../contract/worker.js'

/** The part of a body that selects workers. */
export const selection = {
  workers: v.optional(v.pipe(v.array(name), v.minLength(1, 'at least one worker'))),
  annotator: v.optional(v.union([name, v.pipe(v.number(), v.finite())])),
  domain: v.optional(name),
  supervisor: v.optional(name),
  state: v.optional(workerState),
}
const selectionSchema = v.object(selection)
export type Selection = v.InferOutput<typeof selectionSchema>

/**
 * Ids of the workers, in the order of the configuration. Disabled workers are included only if they, their annotator or their
 * domain are named.
 *
 * @throws DroverError WORKER_UNKNOWN if a named worker or supervisor does not exist, or no worker matches the annotator and
 * domain
 */
export function chosenWorkers(drover: Drover, { workers: ids, annotator, domain, supervisor, state }: Selection): string[] {
  for (const id of ids ?? []) drover.worker(id)
  const below = supervisor === undefined ? null : workersBelow(drover.tree(), supervisor)
  if (supervisor !== undefined && !below) throw unknown(`there is no supervisor ${JSON.stringify(supervisor)}`)
  const named = ids && new Set(ids)
  const anyway = named !== undefined || annotator !== undefined || domain !== undefined
  let known = false
  const found = drover.view.find((worker) => {
    const isNamed =
      (annotator === undefined || worker.annotator === String(annotator)) &&
      (domain === undefined || worker.domain === domain) &&
      (!named || named.has(worker.id)) &&
      (!below || below.has(worker.id))
    known ||= isNamed
    return isNamed && (anyway || worker.enabled) && (state === undefined || worker.state === state)
  }, named)
  if (!known && (annotator !== undefined || domain !== undefined)) throw unknown('no worker matches')
  return found
}

const unknown = (message: string): DroverError => new DroverError('WORKER_UNKNOWN', message)

/** null: there is no such supervisor. */
function workersBelow(nodes: readonly TreeStatus[], supervisor: string): Set<string> | null {
  for (const node of nodes) {
    if ('worker' in node) continue
    if (node.supervisor === supervisor) return new Set(allWorkers(node.children))
    const found = workersBelow(node.children, supervisor)
    if (found) return found
  }
  return null
}

function* allWorkers(nodes: readonly TreeStatus[]): Generator<string> {
  for (const node of nodes) {
    if ('worker' in node) yield node.worker
    else yield* allWorkers(node.children)
  }
}
