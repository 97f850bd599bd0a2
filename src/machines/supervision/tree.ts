/** The supervision tree of a system, as declared and as changed since; answers who belongs to whom. */
import { isSupervisor, nodeId, type SupervisorNode, type TreeNode, workersOf } from '../../options/tree.js'

/** The root's own children have no supervisor but the system. */
export class Tree {
  readonly root: TreeNode[]
  readonly #parents = new Map<string, SupervisorNode | null>()
  readonly #nodes = new Map<string, TreeNode>()
  readonly #positions = new Map<string, number>()

  constructor(root: TreeNode[]) {
    this.root = root
    for (const node of root) this.#index(node, null)
    this.#number()
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

  /** The supervisor right over a node; null: it stands directly under the system, or is not there. */
  parent(id: string): SupervisorNode | null {
    return this.#parents.get(id) ?? null
  }

  /** The supervisors over a node, the nearest first. */
  above(id: string): SupervisorNode[] {
    const path: SupervisorNode[] = []
    for (let parent = this.#parents.get(id); parent; parent = this.#parents.get(parent.id)) path.push(parent)
    return path
  }

  /** At the end of a supervisor's children, or of those directly under the system. */
  add(node: TreeNode, under: string | null): void {
    const supervisor = under === null ? null : (this.supervisor(under) ?? null)
    const list = supervisor?.children ?? this.root
    list.push(node)
    this.#index(node, supervisor)
    this.#number()
  }

  /** With all that is below. */
  remove(id: string): void {
    const node = this.#nodes.get(id)
    if (!node) return
    const list = this.#parents.get(id)?.children ?? this.root
    list.splice(list.indexOf(node), 1)
    this.#forget(node)
    this.#number()
  }

  #forget(node: TreeNode): void {
    this.#nodes.delete(nodeId(node))
    this.#parents.delete(nodeId(node))
    if (isSupervisor(node)) for (const child of node.children) this.#forget(child)
  }

  #number(): void {
    this.#positions.clear()
    for (const worker of this.root.flatMap(workersOf)) this.#positions.set(worker, this.#positions.size)
  }

  #index(node: TreeNode, parent: SupervisorNode | null): void {
    this.#nodes.set(nodeId(node), node)
    this.#parents.set(nodeId(node), parent)
    if (isSupervisor(node)) for (const child of node.children) this.#index(child, node)
  }
}
