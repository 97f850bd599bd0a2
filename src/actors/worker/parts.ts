import type { DroverEvents, EventName } from '../../events/event-map.js'
import type { Recorder } from '../../events/recorder.js'
import type { Logs } from '../../logs/logs.js'
import type { Slots } from '../../machines/slots.js'
import type { StartGate } from '../../machines/start-gate.js'
import type { StartOrder } from '../../machines/supervision/start-order.js'
import type { CompiledConfig } from '../../options/compiled.js'
import type { EngineClient } from '../../store/contract/engine.js'
import type { HostIdentity } from '../../store/contract/hosts.js'
import type { Patience } from '../../store/patience.js'
import type { StoreThread } from '../../store/thread/handle.js'
import type { EvidenceFiles } from '../../threads/evidence/files.js'
import type { BeatMemory } from '../../threads/heartbeat/beats.js'
import type { MonitorEvent } from '../../threads/heartbeat/monitor.js'
import type { Lanes } from './lane-counts.js'

/** Takes what workers find out about quotas. */
export interface QuotaNews {
  /** A quota is spent. @param until when it has room again, in ms since 1970; null: never by itself */
  spent(quota: string, window: string, until: number | null): void
  /** All keys of a choice are retired. */
  retired(choices: readonly string[]): void
}

/** What every actor that does I/O shares. */
export interface SystemParts {
  config: CompiledConfig
  host: HostIdentity
  store: StoreThread
  beatMemory: BeatMemory
  slots: Slots
  /** Who may ask for a slot. */
  order: StartOrder
  /** Who may try to start while the machine lacks what that takes. */
  startGate: StartGate
  lanes: Lanes
  quotas: QuotaNews
  /** Those that another host holds: told when there is one, and at the end. */
  held: { watch(): void; stop(): void }
  logs: Logs
  recorder: Recorder
  /** For calls that wait while the store cannot be written. */
  patience: Patience
  /** The store, for those. */
  calls: EngineClient
  /** null: none is written. */
  evidence: EvidenceFiles | null
  /** Values to strike out of everything that is written. */
  secrets: string[]
  /** Plain data without them. */
  redact: <T>(data: T) => T
  monitor: { send(event: MonitorEvent): void }
  /** Monotonic, and close to the epoch's milliseconds. */
  now: () => number
  /** Emits an event and stores it if it is one of those. */
  publish: <Name extends EventName>(name: Name, payload: DroverEvents[Name]) => void
  /** Only emits it: it was given to the recorder before. */
  tell: <Name extends EventName>(name: Name, payload: DroverEvents[Name]) => void
  /** Logs something that went wrong inside and harms nobody else. */
  report: (what: string, error: unknown) => void
  /** Something changed that somebody may be waiting for. */
  changed: () => void
  isClosing: () => boolean
  /** Whether items are being loaded into a dataset right now. */
  isLoading: (dataset: string) => boolean
  /** Whether this host has loaded items into a dataset, be it none. */
  wasLoaded: (dataset: string) => boolean
  /** Somebody waits for a slot: a worker with nothing to do gives its own up, if that helps. */
  makeRoom: () => void
  /** Whether a worker stands under a supervisor, and not directly under the system. */
  isSupervised: (worker: string) => boolean
}
