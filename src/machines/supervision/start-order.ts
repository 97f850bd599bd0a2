/**
 * Who of a supervision tree may start now, and who has to wait for others. Pure bookkeeping beside the slots: whom it admits may ask
 * for a slot.
 */

import { nodeId, type TreeNode } from '../../options/tree.js'
import { mayStart, type SiblingPhase } from './rules.js'
import type { Tree } from './tree.js'

export interface StartOrderOptions {
  tree: Tree
  phase: (worker: string) => SiblingPhase
  /** Told of each worker that may go on. */
  admit: (worker: string) => void
}

export class StartOrder {
  readonly #options: StartOrderOptions
  /** Those who wait for others, by the supervisor right above and in the order of starting: the first of each lets none of the rest go before it. */
  readonly #waiting = new Map<string | null, string[]>()
  /** Supervisors none of whose children may start now. */
  readonly #closed = new Set<string>()
  #looking = false

  constructor(options: StartOrderOptions) {
    this.#options = options
  }

  /** Whether a worker waits for others. */
  holds(worker: string): boolean {
    const line = this.#waiting.get(this.#above(worker)) ?? []
    return line[this.#placeOf(worker, line)] === worker
  }

  /** A worker wants to start: it is admitted at once, or as soon as it may. */
  request(worker: string): void {
    const above = this.#above(worker)
    const line = this.#waiting.get(above) ?? []
    const place = this.#placeOf(worker, line)
    if (line[place] !== worker) line.splice(place, 0, worker)
    this.#waiting.set(above, line)
    this.look()
  }

  /** It wants to start no more. */
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

  /** Admits who may go on; to be called whenever a phase has changed. */
  look(): void {
    // Whoever is admitted changes phases: the rounds go on until nobody is left who may.
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

  /** Where it stands in a line, or would. */
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
    const { tree, phase } = this.#options
    let child: TreeNode | undefined = tree.get(worker)
    for (const supervisor of tree.above(worker)) {
      if (this.#closed.has(supervisor.id) || !mayStart(supervisor, nodeId(child as TreeNode), phase, this.#closed)) return false
      child = supervisor
    }
    return true
  }
}
