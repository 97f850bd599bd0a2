/** Applies a patch to a state. Nothing is changed in place: unchanged parts keep their identity. */
import type { LivePatch, LiveState } from '../contract/socket.js'
import type { Json } from './same.js'

/** @returns the state after the patch; parts that the state does not have yet begin with the patch */
export function applyPatch(state: LiveState, patch: LivePatch): LiveState {
  const next = { ...state }
  if (patch.overview) next.overview = { ...state.overview, ...patch.overview } as NonNullable<LiveState['overview']>
  if (patch.workers) next.workers = applyAll(state.workers, patch.workers)
  if (patch.tree) next.tree = patch.tree
  if (patch.quotas) next.quotas = applyAll(state.quotas, patch.quotas)
  return next
}

function applyAll<T extends object>(before: Record<string, T> = {}, changes: Record<string, Partial<T> | null>): Record<string, T> {
  const all = new Map<string, T>(Object.entries(before))
  for (const [id, change] of Object.entries(changes as Record<string, Json | null>)) {
    if (change === null) all.delete(id)
    else all.set(id, { ...all.get(id), ...change } as T)
  }
  return Object.fromEntries(all)
}
