import type { ActorRefFrom } from 'xstate'
import type { Events } from '../../events/emitter.js'
import type { SupervisorState } from '../../machines/supervision/strategies.js'
import type { Tree } from '../../machines/supervision/tree.js'
import type { Change } from '../../options/changes.js'
import type { CompiledWorker } from '../../options/compiled.js'
import type { DroverOptions } from '../../options/drover.js'
import type { Reader } from '../../store/read-pool/reader.js'
import type { SystemParts } from '../worker/contract.js'
import type { ManagedWorker } from '../worker/worker.js'
import type { Introductions } from './introductions.js'
import type { Quotas } from './quota-report.js'
import type { system } from './root-actor.js'

export interface OpenSystem {
  /** The given options with the stored changes. */
  options: DroverOptions
  /** The stored changes, by the id of their worker or supervisor. */
  kept: Map<string, Change>
  parts: SystemParts & { quotas: Quotas; introductions: Introductions }
  events: Events
  reader: Reader
  root: ActorRefFrom<typeof system>
  managed: Map<string, ManagedWorker>
  /** The managed workers of each declared one: itself, or its instances; in the order of the configuration. */
  declared: Map<string, ManagedWorker[]>
  tree: Tree
  /** The state of each supervisor. */
  supervisors: Map<string, { state: SupervisorState; reason: string; since: number }>
  silence: Map<string, number>
  /** Datasets being loaded, with the number of loads. */
  loading: Map<string, number>
  /** Datasets that this host has loaded. */
  loaded: Set<string>
  /** Datasets that this host has loaded although no worker uses them, with the number of items. */
  unused: Map<string, number>
  /** Called after changes that a call may wait for. */
  watchers: Set<() => void>
  /** Aborts with the reason when the system can do nothing more, so that waits for things outside end. */
  ending: AbortController
  /** Declares workers in the store. @returns the managed workers that are new, not yet visible elsewhere */
  declare: (workers: readonly CompiledWorker[]) => Promise<ManagedWorker[]>
  /** Settles when the condition holds; it is checked after each change that may concern it. */
  until: (condition: () => boolean) => Promise<void>
  /** Ends timers, store and logs. Data that the store has not taken after this time (ms) is logged as lost. */
  shutDown: (withinMs: number) => Promise<void>
}
