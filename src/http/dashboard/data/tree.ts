/** The supervision tree as rows: the visible ones, and the effect of the arrow keys. Pure. */
import type { SupervisorNode, TreeNode } from '../../contract/tree.js'

export interface Row {
  /** Of a supervisor or a worker; they share one space of names. */
  id: string
  node: TreeNode
  /** From 1. */
  level: number
  parent: string | null
  /** Among its siblings, from 1. */
  place: number
  siblings: number
}

export const isSupervisor = (node: TreeNode): node is SupervisorNode => 'supervisor' in node

/** Names of all supervisors. */
export const supervisorsIn = (nodes: readonly TreeNode[]): string[] =>
  nodes.flatMap((node) => (isSupervisor(node) ? [node.supervisor, ...supervisorsIn(node.children)] : []))

/** Top to bottom, without what is below a closed one. */
export function rowsOf(nodes: readonly TreeNode[], closed: ReadonlySet<string>, level = 1, parent: string | null = null): Row[] {
  return nodes.flatMap((node, at) => {
    const id = isSupervisor(node) ? node.supervisor : node.worker
    const row: Row = { id, node, level, parent, place: at + 1, siblings: nodes.length }
    return isSupervisor(node) && !closed.has(id) ? [row, ...rowsOf(node.children, closed, level + 1, id)] : [row]
  })
}

export type Move = { to: string } | { open: string } | { close: string } | null

/** The effect of a key in a tree, by WAI-ARIA's tree pattern. */
export function move(key: string, rows: readonly Row[], current: string, closed: ReadonlySet<string>): Move {
  const at = rows.findIndex(({ id }) => id === current)
  const row = rows[at]
  if (!row) return rows[0] ? { to: rows[0].id } : null
  const go = (target: Row | undefined): Move => (target ? { to: target.id } : null)
  switch (key) {
    case 'ArrowDown':
      return go(rows[at + 1])
    case 'ArrowUp':
      return go(rows[at - 1])
    case 'Home':
      return go(rows[0])
    case 'End':
      return go(rows.at(-1))
    case 'ArrowRight':
      if (!isSupervisor(row.node)) return null
      return closed.has(row.id) ? { open: row.id } : go(rows[at + 1]?.parent === row.id ? rows[at + 1] : undefined)
    case 'ArrowLeft':
      if (isSupervisor(row.node) && !closed.has(row.id)) return { close: row.id }
      return row.parent === null ? null : { to: row.parent }
    default:
      return null
  }
}

/** How many workers below are in each state. */
export function statesBelow(node: SupervisorNode, counts: Record<string, number> = {}): Record<string, number> {
  for (const child of node.children) {
    if (isSupervisor(child)) statesBelow(child, counts)
    else counts[child.state] = (counts[child.state] ?? 0) + 1
  }
  return counts
}
