/**
 * Who of a supervision tree may start now, and who has to wait for others. Pure bookkeeping beside the slots: whom it admits may ask
 * for a slot.
 */
import { mayStart, nodeId, type Phase, type TreeNode } from './supervision.js'
import type { Tree } from './tree.js'

export interface StartOrderOptions {
  tree: Tree
  phase: (worker: string) => Phase
  /** Told of each worker that may go on. */
  admit: (worker: string) => void
}

export class StartOrder {
  readonly #options: StartOrderOptions
  readonly #waiting = new Set<string>()
  /** Supervisors none of whose children may start now. */
  readonly #closed = new Set<string>()
  #looking = false

  constructor(options: StartOrderOptions) {
    this.#options = options
  }

  /** Whether a worker waits for others. */
  holds(worker: string): boolean {
    return this.#waiting.has(worker)
  }

  /** A worker wants to start: it is admitted at once, or as soon as it may. */
  request(worker: string): void {
    this.#waiting.add(worker)
    this.look()
  }

  /** It wants to start no more. */
  withdraw(worker: string): void {
    this.#waiting.delete(worker)
  }

  /** No child of this supervisor may start until it is opened. */
  close(supervisor: string): void {
    this.#closed.add(supervisor)
  }

  open(supervisor: string): void {
    if (this.#closed.delete(supervisor)) this.look()
  }

  /** Admits who may go on; to be called whenever a phase has changed. */
  look(): void {
    // Whoever is admitted changes phases: the rounds go on until nobody is left who may.
    if (this.#looking) return
    this.#looking = true
    try {
      for (let next = this.#next(); next !== undefined; next = this.#next()) {
        this.#waiting.delete(next)
        this.#options.admit(next)
      }
    } finally {
      this.#looking = false
    }
  }

  #next(): string | undefined {
    const { tree } = this.#options
    return [...this.#waiting].sort((a, b) => tree.position(a) - tree.position(b)).find((worker) => this.#may(worker))
  }

  #may(worker: string): boolean {
    const { tree, phase } = this.#options
    let child: TreeNode | undefined = tree.get(worker)
    for (const supervisor of tree.above(worker)) {
      if (this.#closed.has(supervisor.id) || !mayStart(supervisor, nodeId(child as TreeNode), phase, this.#closed)) return false
      child = supervisor
    }
    return true
  }
}
