/** The supervision tree as it is shown: JSON knows no infinity, and a worker's status has its instances. */
import type { TreeStatus } from '../../actors/system/status.js'
import type { TreeNode } from '../contract/tree.js'
import { finite } from './finite.js'

export function presentTree(nodes: readonly TreeStatus[]): TreeNode[] {
  return nodes.map((node) => {
    if (!('supervisor' in node)) return { worker: node.worker, state: node.state }
    const { restarts, children, ...rest } = node
    return { ...rest, restarts: { ...restarts, limit: finite(restarts.limit) }, children: presentTree(children) }
  })
}
