/** The patch from one tree to another: the changed fields by name, or the whole tree if other nodes are in it. */
import { same } from '../client/same.js'
import { idOfNode } from '../client/tree-node.js'
import type { TreeNode, TreePatch } from '../contract/tree.js'

/** @returns null if nothing changed */
export function treeDiff(before: readonly TreeNode[], after: TreeNode[]): TreeNode[] | TreePatch | null {
  const changes: [string, TreePatch[string]][] = []
  if (!collect(before, after, changes)) return after
  return changes.length > 0 ? Object.fromEntries(changes) : null
}

/** @returns whether the same nodes are in the same places */
function collect(before: readonly TreeNode[], after: readonly TreeNode[], changes: [string, TreePatch[string]][]): boolean {
  return (
    before.length === after.length &&
    after.every((node, at) => {
      const was = before[at] as TreeNode
      const id = idOfNode(node)
      if (idOfNode(was) !== id || 'supervisor' in was !== 'supervisor' in node) return false
      const changed = factsChanged(was, node)
      if (changed) changes.push([id, changed])
      return !('children' in node && 'children' in was) || collect(was.children, node.children, changes)
    })
  )
}

function factsChanged(before: TreeNode, after: TreeNode): TreePatch[string] | null {
  let changed: Record<string, unknown> | null = null
  for (const key in after) {
    if (key === 'children') continue
    const [was, is] = [before[key as keyof TreeNode] as unknown, after[key as keyof TreeNode] as unknown]
    if (was === is || same(was, is)) continue
    changed ??= {}
    changed[key] = is
  }
  return changed
}
