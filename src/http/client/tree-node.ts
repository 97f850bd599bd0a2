import type { TreeNode } from '../contract/tree.js'

/** The name of a node; supervisors and workers share one space of names. */
export const idOfNode = (node: TreeNode): string => ('supervisor' in node ? node.supervisor : node.worker)
