/** The supervision tree of a system, as declared and as changed since; answers who belongs to whom. */
import { isSupervisor, nodeId, type SupervisorNode, type TreeNode } from './supervision.js'

/** The root's own children have no supervisor but the system. */
export class Tree {
  readonly root: readonly TreeNode[]
  readonly #parents = new Map<string, SupervisorNode | null>()
  readonly #nodes = new Map<string, TreeNode>()
  readonly #positions = new Map<string, number>()

  constructor(root: readonly TreeNode[]) {
    this.root = root
    for (const node of root) this.#index(node, null)
  }

  get(id: string): TreeNode | undefined {
    return this.#nodes.get(id)
  }

  supervisor(id: string): SupervisorNode | undefined {
    const node = this.#nodes.get(id)
    return node && isSupervisor(node) ? node : undefined
  }

  /** A worker's place in the order of starting. */
  position(worker: string): number {
    return this.#positions.get(worker) ?? 0
  }

  /** The supervisors over a node, the nearest first. */
  above(id: string): SupervisorNode[] {
    const path: SupervisorNode[] = []
    for (let parent = this.#parents.get(id); parent; parent = this.#parents.get(parent.id)) path.push(parent)
    return path
  }

  #index(node: TreeNode, parent: SupervisorNode | null): void {
    this.#nodes.set(nodeId(node), node)
    this.#parents.set(nodeId(node), parent)
    this.#positions.set(nodeId(node), this.#positions.size)
    if (isSupervisor(node)) for (const child of node.children) this.#index(child, node)
  }
}
