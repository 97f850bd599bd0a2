/**
 * The data for a status server, one worker at a time: the status of thousands of workers in one piece would block the main
 * thread.
 */

import { isInstance, workerOf } from '../../instance-ids.js'
import type { CompiledWorker } from '../../options/compiled.js'
import { findSecrets, redactAll } from '../../redact.js'
import type { ManagedWorker } from '../worker/worker.js'
import type { OpenSystem } from './contract.js'
import { leading } from './instances.js'
import {
  glanceOf,
  type SystemStatus,
  type SystemSums,
  statusOf,
  sumsOf,
  supervisorsDown,
  type Totals,
  type WorkerGlance,
  type WorkerStatus,
} from './status.js'

/** The fields of a worker by which it is found. */
export type WorkerName = Pick<WorkerStatus, 'id' | 'annotator' | 'domain' | 'dataset' | 'enabled' | 'state'>

/** What is declared of a worker, without its input. */
export interface DeclaredWorker {
  id: string
  annotator: string
  domain: string
  enabled: boolean
  /** How many results its lane should have; 0 before anything is loaded. */
  target: number
  /** Whether a secret is in its input: under the name of one, or one that the system knows. */
  hasKey: boolean
  delayMs: number
  maxAttempts: number
}

/** Options of a worker that can be changed while the system runs, and hold no secret. */
export type WorkerSettings = Pick<
  CompiledWorker,
  'enabled' | 'target' | 'delayMs' | 'concurrency' | 'prefetch' | 'priority' | 'group' | 'drainMs' | 'idleMs'
> & {
  /** null: the worker is one thread, without instances. */
  instances: number | null
}

const noInstances: ReadonlySet<string> = new Set()

export class SystemView {
  readonly #system: OpenSystem
  readonly #state: () => SystemStatus['state']

  constructor(system: OpenSystem, state: () => SystemStatus['state']) {
    this.#system = system
    this.#state = state
  }

  get state(): SystemStatus['state'] {
    return this.#state()
  }

  /** Gets ready for reads from the store, of which the first would take longer. */
  prepareReads(): void {
    this.#system.reader.prepare().catch(() => {})
  }

  /** Ids of all workers, in the order of the configuration. */
  ids(): IterableIterator<string> {
    return this.#system.declared.keys()
  }

  get size(): number {
    return this.#system.declared.size
  }

  /** What is declared of every worker, in the order of the configuration. */
  declared(): DeclaredWorker[] {
    const { declared, parts } = this.#system
    return Array.from(declared.values(), ([own]) => {
      const { config } = own as ManagedWorker
      const { annotator, domain, enabled, input, delayMs, tasks } = config
      const target = config.target ?? parts.lanes.get(config.id)?.total ?? 0
      const id = workerOf(config.id)
      const hasKey = findSecrets(input).length > 0 || redactAll(input, parts.redact) !== input
      return { id, annotator, domain, enabled, target, hasKey, delayMs, maxAttempts: tasks.maxAttempts }
    })
  }

  /** Options of one worker, or of that of an instance, as they are now; null if it does not exist. */
  settings(id: string): WorkerSettings | null {
    const own = this.#system.declared.get(workerOf(id))
    const config = own?.[0]?.config
    if (!own || !config) return null
    const instances = isInstance(config.id) ? own.length : null
    const { enabled, target, delayMs, concurrency, prefetch, priority, group, drainMs, idleMs } = config
    return { enabled, target, delayMs, concurrency, instances, prefetch, priority, group, drainMs, idleMs }
  }

  /** One worker; null if it does not exist. */
  worker(id: string): WorkerStatus | null {
    const own = this.#system.declared.get(id)
    return own ? statusOf(this.#system, own) : null
  }

  /**
   * Ids of the workers that match, in the order of the configuration. Asks without making a status of each.
   *
   * @param instances ids of instances that are asked for too, each by itself
   */
  find(matches: (worker: WorkerName) => boolean, instances: ReadonlySet<string> = noInstances): string[] {
    const found: string[] = []
    const look = (id: string, { config: { annotator, domain, dataset, enabled }, state }: ManagedWorker): void => {
      if (matches({ id, annotator, domain, dataset, enabled, state })) found.push(id)
    }
    for (const [id, own] of this.#system.declared) {
      look(id, leading(own))
      if (instances.size > 0) for (const each of own) if (each.id !== id && instances.has(each.id)) look(each.id, each)
    }
    return found
  }

  /** The status of each of these workers, one by one, as it is when it is asked for; those that do not exist are left out. */
  *workers(ids: readonly string[]): Generator<WorkerStatus> {
    for (const id of ids) {
      const status = this.worker(id)
      if (status) yield status
    }
  }

  /** A few fields of each worker, one by one, as they are when they are asked for. */
  *glances(): Generator<WorkerGlance> {
    for (const own of this.#system.declared.values()) yield glanceOf(this.#system, own)
  }

  /** Ids of workers with a thread. */
  live(): string[] {
    const live: string[] = []
    for (const [id, own] of this.#system.declared) if (own.some(({ thread }) => thread)) live.push(id)
    return live
  }

  /** @param totals what all workers add up to */
  sums(totals: Totals): SystemSums {
    return sumsOf(this.#system, this.state, totals)
  }

  /** The topmost of the supervisors that are down. */
  down(): { supervisor: string; reason: string }[] {
    return [...supervisorsDown(this.#system)]
  }
}
