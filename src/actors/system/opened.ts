import type { ActorRefFrom } from 'xstate'
import type { Events } from '../../events/emitter.js'
import type { SupervisorState } from '../../machines/supervision/rules.js'
import type { Tree } from '../../machines/supervision/tree.js'
import type { Change } from '../../options/changes.js'
import type { CompiledWorker } from '../../options/compiled.js'
import type { DroverOptions } from '../../options/drover.js'
import type { Reader } from '../../store/read-pool/reader.js'
import type { SystemParts } from '../worker/parts.js'
import type { ManagedWorker } from '../worker/worker.js'
import type { Quotas } from './quota-report.js'
import type { system } from './root-actor.js'

export interface OpenSystem {
  /** As given, with the changes that the store has kept. */
  options: DroverOptions
  /** The changes that the store keeps, by the id that they are about. */
  kept: Map<string, Change>
  parts: SystemParts & { quotas: Quotas }
  events: Events
  reader: Reader
  root: ActorRefFrom<typeof system>
  managed: Map<string, ManagedWorker>
  tree: Tree
  /** What each supervisor does. */
  supervisors: Map<string, { state: SupervisorState; reason: string; since: number }>
  silence: Map<string, number>
  /** Datasets being loaded, with how many loads. */
  loading: Map<string, number>
  /** Datasets that this host has loaded. */
  loaded: Set<string>
  /** By the dataset that may have been meant: one that this host has loaded although no worker has it. */
  loadedInstead: Map<string, string>
  /** Told when something changed that somebody may be waiting for. */
  watchers: Set<() => void>
  /** Aborts, with why, when nothing can be done any more: who waits for something outside would never know. */
  ending: AbortController
  /** Makes workers known to the store. Answers the hands of those that are new, which nobody else knows yet. */
  declare: (workers: readonly CompiledWorker[]) => Promise<ManagedWorker[]>
  /** Settles when the condition holds; looked at whenever something changed that it may be about. */
  until: (condition: () => boolean) => Promise<void>
  /** Ends what runs beside the actors: timers, store, logs. What the store has not taken after so long is told, and left. */
  shutDown: (withinMs: number) => Promise<void>
}
