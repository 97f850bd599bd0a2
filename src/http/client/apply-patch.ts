/** Applies a patch to a state. Nothing is changed in place: unchanged parts keep their identity. */
import type { LivePatch, LiveState } from '../contract/socket.js'
import type { TreeNode, TreePatch } from '../contract/tree.js'
import type { Json } from './same.js'
import { idOfNode } from './tree-node.js'

/** @returns the state after the patch; parts that the state does not have yet begin with the patch */
export function applyPatch(state: LiveState, patch: LivePatch): LiveState {
  const next = { ...state }
  if (patch.overview) next.overview = { ...state.overview, ...patch.overview } as NonNullable<LiveState['overview']>
  if (patch.workers) next.workers = applyAll(state.workers, patch.workers)
  if (patch.tree) next.tree = Array.isArray(patch.tree) ? patch.tree : treeWith(state.tree ?? [], patch.tree)
  if (patch.quotas) next.quotas = applyAll(state.quotas, patch.quotas)
  return next
}

/** Nodes without a change in or below them stay the same objects. */
function treeWith(nodes: TreeNode[], changes: TreePatch): TreeNode[] {
  let changed = false
  const next = nodes.map((node): TreeNode => {
    const id = idOfNode(node)
    const own = Object.hasOwn(changes, id) ? changes[id] : null
    const children = 'children' in node ? treeWith(node.children, changes) : null
    if (!own && (!('children' in node) || children === node.children)) return node
    changed = true
    return { ...node, ...own, ...(children && { children }) } as TreeNode
  })
  return changed ? next : nodes
}

function applyAll<T extends object>(before: Record<string, T> = {}, changes: Record<string, Partial<T> | null>): Record<string, T> {
  const all = new Map<string, T>(Object.entries(before))
  for (const [id, change] of Object.entries(changes as Record<string, Json | null>)) {
    if (change === null) all.delete(id)
    else all.set(id, { ...all.get(id), ...change } as T)
  }
  return Object.fromEntries(all)
}
