/** The supervision tree of a system, with later changes. */
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

  /** A worker's index in the order of starting. */
  position(worker: string): number {
    return this.#positions.get(worker) ?? 0
  }

  /** The direct supervisor of a node; null: the node is directly under the system or does not exist. */
  parent(id: string): SupervisorNode | null {
    return this.#parents.get(id) ?? null
  }

  /** Its index among the children of its supervisor, or of the system. */
  placeOf(id: string): number {
    const list = this.parent(id)?.children ?? this.root
    return list.findIndex((node) => nodeId(node) === id)
  }

  /** All supervisors of a node, the nearest first. */
  above(id: string): SupervisorNode[] {
    const path: SupervisorNode[] = []
    for (let parent = this.#parents.get(id); parent; parent = this.#parents.get(parent.id)) path.push(parent)
    return path
  }

  /** The child of a supervisor that a node is, or is below; null: it is not below this supervisor. */
  childOf(supervisor: string, id: string): string | null {
    for (let below = id; ; ) {
      const parent = this.#parents.get(below)
      if (!parent) return null
      if (parent.id === supervisor) return below
      below = parent.id
    }
  }

  /** Adds a node to the supervisor's children, or to the system's: at this place, or after the last. */
  add(node: TreeNode, under: string | null, place?: number): void {
    const supervisor = under === null ? null : (this.supervisor(under) ?? null)
    const list = supervisor?.children ?? this.root
    list.splice(place ?? list.length, 0, node)
    this.#index(node, supervisor)
    this.#number()
  }

  /** Removes a node with all nodes below it. */
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
