/** Adds workers and supervisors to a running system, removes them, and changes their options, one change at a time. */

import { DroverError } from '../../errors.js'
import { workerOf } from '../../instance-ids.js'
import {
  type Change,
  type Entry,
  entryLike,
  findEntry,
  keep,
  pathOf,
  kept as readChange,
  updateAfter,
  withEntry,
  withInput,
  withoutEntry,
  withPatch,
} from '../../options/changes.js'
import type { CompiledConfig } from '../../options/compiled.js'
import type { DroverOptions } from '../../options/drover.js'
import type { SupervisorOptions } from '../../options/supervisor.js'
import { isInstances, isSupervisor, nodeId, type SupervisorNode, supervisorsIn, type TreeNode, workersOf } from '../../options/tree.js'
import { compileInTurns, compileWithInTurns } from '../../options/validate.js'
import type { WorkerOptions } from '../../options/worker.js'
import { type SupervisorRef, supervisorAddress } from '../supervisor/contract.js'
import { stopInOrder } from '../supervisor/stop-in-order.js'
import type { ManagedWorker } from '../worker/worker.js'
import type { OpenSystem } from './contract.js'
import { enlist, strikeOff } from './instances.js'

/** Options of a change to the running system. */
export interface ChangeOptions {
  /**
   * Whether the change outlives the process: it is stored and applied again each time a system opens the store, until the
   * configuration says the same. Only plain data without secrets can be stored. @defaultValue false
   */
  persist?: boolean
}

/** Options of `add`. */
export interface AddOptions extends ChangeOptions {
  /** The supervisor that gets it as its last child. @defaultValue none: it is directly under the system; with {@link like}, that of the other worker */
  under?: string
  /**
   * An existing worker. The added one has its options, except the names, where the entry says nothing else. Fields of `input` in the
   * entry replace those of its `input`. @defaultValue none
   */
  like?: string
}

/** Options of `update`. */
export interface UpdateOptions extends ChangeOptions {
  /** Whether fields of `input` are added to the worker's `input` instead of replacing all of it. @defaultValue false */
  mergeInput?: boolean
}

/** The changed options; undefined sets an option back to its default. */
export type Patch = Changed<WorkerOptions> | Changed<SupervisorOptions>
type Changed<Options> = { [Key in keyof Options]?: Options[Key] | undefined }

/** Options that identify a worker and cannot be changed. */
const fixed = ['id', 'annotator', 'domain', 'dataset', 'children']

export class Membership {
  readonly #system: OpenSystem
  /** The user's options with all changes since. */
  #options: DroverOptions
  #changing: Promise<unknown> = Promise.resolve()

  constructor(system: OpenSystem) {
    this.#system = system
    this.#options = system.options
  }

  /** @returns the ids of the added workers */
  add(given: Entry | (Partial<WorkerOptions> & { id: string }), { like, persist = false, ...place }: AddOptions): Promise<string[]> {
    return this.#inTurn(async () => {
      const entry = like === undefined ? (given as Entry) : entryLike(this.#worker(like), given as Partial<WorkerOptions>)
      const under = place.under ?? (like === undefined ? null : (this.#system.tree.above(like)[0]?.id ?? null))
      if (under !== null && !this.#system.tree.supervisor(under))
        throw new DroverError('WORKER_UNKNOWN', `there is no supervisor ${JSON.stringify(under)}`)
      const options = withEntry(this.#options, entry, under) ?? this.#options
      const config = await compileWithInTurns(options, placeOfLast(options, under), 'the added entry')
      const node = nodeIn(config.tree, entry.id)
      const ids = workersOf(node)
      const kept = persist ? keep({ do: 'add', under, entry: withModules(entry, config) }) : null
      const added = await this.#system.declare(config.workers.filter(({ id }) => ids.includes(id)))
      if (persist) await this.#keep(entry.id, kept)
      this.#assertOpen()
      this.#become(options, config)
      this.#adopt(added, node, under)
      this.#publish('added', entry.id)
      return ids
    })
  }

  remove(id: string, { persist = false, drainMs }: ChangeOptions & { drainMs?: number }): Promise<void> {
    return this.#inTurn(async () => {
      const { tree, managed, parts } = this.#system
      const node = tree.get(id)
      if (!node) throw new DroverError('WORKER_UNKNOWN', `there is no worker and no supervisor ${JSON.stringify(id)}`)
      const options = withoutEntry(this.#options, id)
      const config = await compileInTurns(options)
      const leaving = workersOf(node).map((worker) => managed.get(worker) as ManagedWorker)
      for (const own of leaving) own.leave()
      try {
        await this.#bringDown(leaving, 'removed', drainMs)
        if (persist) {
          // The kept changes of nodes below are deleted too.
          const below = [...supervisorsIn(node), ...workersOf(node)].filter((other) => other !== id && this.#system.kept.has(other))
          for (const other of below) await this.#keep(other, null)
          await this.#keep(id, this.#system.kept.get(id)?.do === 'add' ? null : keep({ do: 'remove' }))
        }
        this.#assertOpen()
      } catch (error) {
        for (const own of leaving) own.stay()
        throw error
      }
      this.#disown(node, leaving)
      this.#become(options, config)
      this.#publish('removed', id)
      parts.changed()
    })
  }

  update(id: string, changes: Patch, { persist = false, mergeInput = false }: UpdateOptions): Promise<void> {
    return this.#inTurn(async () => {
      const { tree, managed, parts } = this.#system
      const node = tree.get(id)
      if (!node) throw new DroverError('WORKER_UNKNOWN', `there is no worker and no supervisor ${JSON.stringify(id)}`)
      const patch = mergeInput && (isInstances(node) || !isSupervisor(node)) ? withInput(this.#worker(id).input, changes) : changes
      const refused = Object.keys(patch).find((key) => fixed.includes(key))
      if (refused)
        throw new DroverError('ARGUMENT_INVALID', `${refused} of ${id} cannot be changed: remove ${id}, then add it with the new value`)
      const options = withPatch(this.#options, id, patch as Record<string, unknown>)
      const config = await compileWithInTurns(options, pathOf(options.workers, id) ?? '', `the changed ${id}`)
      let kept: string | null = null
      if (persist) {
        const entry = findEntry(options.workers, id) as Entry
        const earlier = this.#system.kept.get(id)
        const { id: _, ...located } = withModules({ ...patch, id } as Entry, config)
        const change: Change =
          earlier?.do === 'add'
            ? { ...earlier, entry: withModules(entry, config) }
            : updateAfter(earlier, located as Record<string, unknown>)
        kept = keep(change)
      }
      const next = nodeIn(config.tree, id)
      const own = config.workers.filter((worker) => workerOf(worker.id) === id)
      // First, because it may refuse the change, which must not be stored then.
      const added = own.length > 0 ? await this.#system.declare(own) : []
      if (kept !== null) await this.#keep(id, kept)
      this.#assertOpen()
      await this.#restaff(node, next, added)
      if (tree.get(id) === node) adjust(node, next)
      for (const worker of own) managed.get(worker.id)?.configure(worker)
      this.#become(options, config)
      this.#publish('updated', id)
      parts.changed()
    })
  }

  /** Gives a worker as many instances as its new node has. New ones are started if one of the others was. */
  async #restaff(node: TreeNode, next: TreeNode, added: readonly ManagedWorker[]): Promise<void> {
    const { tree, managed } = this.#system
    const ids = workersOf(next)
    const leaving = workersOf(node).flatMap((id) => (ids.includes(id) ? [] : (managed.get(id) as ManagedWorker)))
    if (!(isInstances(node) || isInstances(next)) || (leaving.length === 0 && added.length === 0)) return
    const isWanted = workersOf(node).some((id) => managed.get(id)?.wanted)
    for (const own of leaving) own.leave()
    try {
      await this.#bringDown(leaving, 'the number of its instances was changed')
      this.#assertOpen()
    } catch (error) {
      for (const own of leaving) own.stay()
      throw error
    }
    if (isInstances(node) && isInstances(next)) {
      for (const own of leaving) this.#disown(tree.get(own.id) as TreeNode, [own])
      for (const own of added) this.#adopt([own], nodeIn(next.children, own.id), node.id)
    } else {
      const [place, under] = [tree.placeOf(nodeId(node)), tree.parent(nodeId(node))?.id ?? null]
      this.#disown(node, leaving)
      this.#adopt(added, next, under, place)
    }
    if (isWanted) for (const own of added) void own.start().catch((error) => this.#system.parts.report(`could not start ${own.id}`, error))
  }

  async #bringDown(leaving: readonly ManagedWorker[], reason: string, drainMs?: number): Promise<void> {
    await stopInOrder(this.#system, leaving, { type: 'STOP', reason, ...(drainMs !== undefined && { drainMs }) })
    await this.#system.until(() => leaving.every((own) => own.settled))
  }

  /** Without an await: a worker must not be visible before it has an actor. */
  #adopt(added: readonly ManagedWorker[], node: TreeNode, under: string | null, place?: number): void {
    for (const own of added) enlist(this.#system, own)
    this.#system.tree.add(node, under, place)
    this.#supervisor(under).send({ type: 'ADOPT', nodes: [node], vacant: false })
  }

  #disown(node: TreeNode, leaving: readonly ManagedWorker[]): void {
    const { tree, parts, supervisors } = this.#system
    const id = nodeId(node)
    this.#supervisor(tree.parent(id)?.id ?? null).send({ type: 'DISOWN', child: id })
    for (const supervisor of supervisorsIn(node)) supervisors.delete(supervisor)
    tree.remove(id)
    for (const own of leaving) {
      own.go()
      strikeOff(this.#system, own)
      parts.lanes.delete(own.id)
    }
  }

  /** As it was declared, with all changes since. */
  #worker(id: string): WorkerOptions {
    const entry = findEntry(this.#options.workers, id)
    if (entry && !('children' in entry)) return entry
    throw new DroverError('WORKER_UNKNOWN', `there is no worker ${JSON.stringify(id)}`)
  }

  async #keep(id: string, change: string | null): Promise<void> {
    await this.#system.parts.calls.call('keepChange', { id, change })
    if (change === null) this.#system.kept.delete(id)
    else this.#system.kept.set(id, readChange(change))
  }

  /** The shared list of workers is changed in place. */
  #become(options: DroverOptions, config: CompiledConfig): void {
    const { parts, managed, unused } = this.#system
    this.#options = options
    for (const { dataset } of config.workers) if (dataset !== null) unused.delete(dataset)
    parts.config.workers.splice(0, Number.POSITIVE_INFINITY, ...config.workers.map((worker) => managed.get(worker.id)?.config ?? worker))
  }

  #supervisor(id: string | null): SupervisorRef {
    return this.#system.root.system.get(id === null ? 'supervisor' : supervisorAddress(id)) as SupervisorRef
  }

  #publish(what: 'added' | 'removed' | 'updated', id: string): void {
    const { publish, now } = this.#system.parts
    publish(`tree:node:${what}`, { id, at: now() })
  }

  /** Each change awaits something, after which the system may be closing. */
  #assertOpen(): void {
    if (this.#system.parts.isClosing()) throw new DroverError('CLOSED', 'the system is closing: nothing was changed')
  }

  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const changed = this.#changing.then(() => {
      this.#assertOpen()
      return change()
    })
    this.#changing = changed.catch(() => {})
    return changed
  }
}

function nodeIn(tree: readonly TreeNode[], id: string): TreeNode {
  for (const node of tree) {
    if ((isSupervisor(node) ? node.id : node.worker) === id) return node
    const found = isSupervisor(node) ? nodeIn(node.children, id) : null
    if (found) return found
  }
  return null as never
}

/** The path of the entry that was just added. */
function placeOfLast({ workers }: DroverOptions, under: string | null): string {
  const supervisor = under === null ? undefined : findEntry(workers, under)
  const list = supervisor && 'children' in supervisor ? supervisor.children : workers
  return `${under === null ? 'workers' : `${pathOf(workers, under)}.children`}[${list.length - 1}]`
}

/** Copies another node's options to a node of the tree, except the children. */
function adjust(node: TreeNode, to: TreeNode): void {
  if (!isSupervisor(node)) {
    Object.assign(node, to)
    return
  }
  const { children: _, intensity, ...rest } = to as SupervisorNode
  Object.assign(node, rest)
  Object.assign(node.intensity, intensity)
  if (isInstances(node)) for (const child of node.children) adjust(child, nodeIn((to as SupervisorNode).children, nodeId(child)))
}

/** The entry with absolute module URLs, independent of the working directory. */
function withModules(entry: Entry, { workers }: CompiledConfig): Entry {
  if ('children' in entry) return { ...entry, children: entry.children.map((child) => withModules(child, { workers } as CompiledConfig)) }
  if (!('module' in entry)) return entry
  return {
    ...(entry as WorkerOptions),
    module: workers.find(({ id }) => workerOf(id) === entry.id)?.module ?? (entry as WorkerOptions).module,
  }
}
