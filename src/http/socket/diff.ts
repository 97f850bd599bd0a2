/** The patch from one state to another: the inverse of the client's `applyPatch`. */
import { same } from '../client/same.js'
import type { LivePatch, LiveState } from '../contract/socket.js'
import { treeDiff } from './tree-diff.js'

/** A state with all its parts. */
export type WholeState = Required<LiveState>

/** @returns null if nothing changed */
export function diff(before: WholeState, after: WholeState): LivePatch | null {
  const patch: LivePatch = {}
  const overview = fields(before.overview, after.overview)
  if (overview) patch.overview = overview
  const workers = entries(before.workers, after.workers)
  if (workers) patch.workers = workers
  const tree = treeDiff(before.tree, after.tree)
  if (tree) patch.tree = tree
  const quotas = entries(before.quotas, after.quotas)
  if (quotas) patch.quotas = quotas
  return Object.keys(patch).length > 0 ? patch : null
}

function entries<T extends object>(before: Record<string, T>, after: Record<string, T>): Record<string, Partial<T> | null> | null {
  const changes: [string, Partial<T> | null][] = []
  for (const [id, value] of Object.entries(after)) {
    const change = Object.hasOwn(before, id) ? fields(before[id] as T, value) : value
    if (change) changes.push([id, change])
  }
  for (const id of Object.keys(before)) if (!Object.hasOwn(after, id)) changes.push([id, null])
  return changes.length > 0 ? Object.fromEntries(changes) : null
}

/** All states of a worker or quota have the same fields, so none is ever removed. */
function fields<T extends object>(before: T, after: T): Partial<T> | null {
  let changed: Partial<T> | null = null
  for (const key in after) {
    const value = after[key]
    if (value === before[key] || same(before[key], value)) continue
    changed ??= {}
    changed[key] = value
  }
  return changed
}
