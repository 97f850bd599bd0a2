/**
 * Decides which workers of a supervision tree may start now, and which wait for others. Pure bookkeeping beside the slots: an
 * admitted worker may ask for a slot.
 */

import { nodeId, type SupervisorNode, type TreeNode } from '../../options/tree.js'
import { blockerOf, blocks, type SiblingPhase } from './strategies.js'
import type { Tree } from './tree.js'

export interface StartOrderOptions {
  tree: Tree
  phase: (worker: string) => SiblingPhase
  /** Called with each admitted worker. */
  admit: (worker: string) => void
}

export class StartOrder {
  readonly #options: StartOrderOptions
  /** Waiting workers by their direct supervisor, in the order of starting: none passes the first of its line. */
  readonly #waiting = new Map<string | null, string[]>()
  /** Supervisors whose children may not start now. */
  readonly #closed = new Set<string>()
  /** The worker that was last found to keep others of a supervisor from starting: while it does, no others need a look. */
  readonly #blockers = new Map<string, string>()
  #looking = false

  constructor(options: StartOrderOptions) {
    this.#options = options
  }

  /** Whether a worker waits for others. */
  holds(worker: string): boolean {
    const line = this.#waiting.get(this.#above(worker)) ?? []
    return line[this.#placeOf(worker, line)] === worker
  }

  /** A worker wants to start: admits it at once, or as soon as it may. */
  request(worker: string): void {
    const above = this.#above(worker)
    const line = this.#waiting.get(above) ?? []
    const place = this.#placeOf(worker, line)
    if (line[place] !== worker) line.splice(place, 0, worker)
    this.#waiting.set(above, line)
    this.look()
  }

  /** Removes a worker that no longer wants to start. */
  withdraw(worker: string): void {
    const above = this.#above(worker)
    const line = this.#waiting.get(above)
    if (!line) return
    const place = this.#placeOf(worker, line)
    if (line[place] === worker) line.splice(place, 1)
    if (line.length === 0) this.#waiting.delete(above)
  }

  /** No child of this supervisor may start until it is opened. */
  close(supervisor: string): void {
    this.#closed.add(supervisor)
  }

  open(supervisor: string): void {
    if (this.#closed.delete(supervisor)) this.look()
  }

  /** Admits all workers that may start; call it after each change of a phase. */
  look(): void {
    // An admission changes phases, so rounds repeat until no worker can be admitted.
    if (this.#looking) return
    this.#looking = true
    try {
      for (let next = this.#next(); next !== undefined; next = this.#next()) {
        this.withdraw(next)
        this.#options.admit(next)
      }
    } finally {
      this.#looking = false
    }
  }

  #next(): string | undefined {
    const { tree } = this.#options
    let next: string | undefined
    for (const [first] of this.#waiting.values()) {
      if (first === undefined || (next !== undefined && tree.position(next) < tree.position(first))) continue
      if (this.#may(first)) next = first
    }
    return next
  }

  #above(worker: string): string | null {
    return this.#options.tree.parent(worker)?.id ?? null
  }

  /** The index of a worker in a line, or the index it would have. */
  #placeOf(worker: string, line: readonly string[]): number {
    const { tree } = this.#options
    const own = tree.position(worker)
    let [from, to] = [0, line.length]
    while (from < to) {
      const middle = (from + to) >> 1
      if (tree.position(line[middle] as string) < own) from = middle + 1
      else to = middle
    }
    return from
  }

  #may(worker: string): boolean {
    const { tree } = this.#options
    let child: TreeNode | undefined = tree.get(worker)
    for (const supervisor of tree.above(worker)) {
      if (this.#closed.has(supervisor.id) || this.#isBlocked(supervisor, nodeId(child as TreeNode), worker)) return false
      child = supervisor
    }
    return true
  }

  /** Whether siblings of a child of a supervisor keep it, and so a worker of it, from starting. */
  #isBlocked(supervisor: SupervisorNode, child: string, worker: string): boolean {
    const { tree, phase } = this.#options
    const known = this.#blockers.get(supervisor.id)
    if (known !== undefined && tree.get(known) && tree.childOf(supervisor.id, known) !== child) {
      if (blocks(supervisor.strategy, phase(known), tree.position(known) < tree.position(worker))) return true
    }
    const blocker = blockerOf(supervisor, child, phase, this.#closed)
    if (blocker === null) return false
    // A supervisor that brings its children down blocks as long as it is closed, and is found soon.
    if (!tree.supervisor(blocker)) this.#blockers.set(supervisor.id, blocker)
    return true
  }
}
