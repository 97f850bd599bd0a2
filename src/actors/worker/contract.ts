import type { DroverEvents, EventName } from '../../events/event-map.js'
import type { Recorder } from '../../events/recorder.js'
import type { Failure } from '../../failure.js'
import type { Logs } from '../../logs/logs.js'
import type { Slots } from '../../machines/slots.js'
import type { StartGate } from '../../machines/start-gate.js'
import type { StartOrder } from '../../machines/supervision/start-order.js'
import type { CompiledConfig } from '../../options/compiled.js'
import type { Pools } from '../../pools/pools.js'
import type { EngineClient } from '../../store/contract/engine.js'
import type { HostIdentity } from '../../store/contract/hosts.js'
import type { StoreThread } from '../../store/thread/handle.js'
import type { WriteRetry } from '../../store/write-retry.js'
import type { EvidenceFiles } from '../../threads/evidence/files.js'
import type { BeatMemory } from '../../threads/heartbeat/beats.js'
import type { MonitorEvent } from '../../threads/heartbeat/monitor.js'
import type { DeadLetter } from '../../threads/messages/contract.js'
import type { WallClock } from '../../time/wall-clock.js'
import type { Lanes } from './lane-counts.js'

/** Receives workers' news about quotas. */
export interface QuotaNews {
  /** A quota is spent. @param until when it has room again, in ms since 1970; null: never by itself */
  spent(quota: string, window: string, until: number | null): void
  /** All keys of a choice are retired. */
  retired(choices: readonly string[]): void
}

/** Who talks to whom; told by workers. */
export interface WorkerIntroductions {
  /** The thread of a worker wants to talk to another worker. */
  wanted(by: string, peer: string): void
  /** Its thread is ready for messages. */
  ready(worker: string): void
  /** Its thread has ended; null: on request. */
  ended(worker: string, failure: Failure | null): void
  /** It has changed its state, or is gone. */
  moved(worker: string): void
  dead(letter: DeadLetter): void
}

/** The parts that all actors with I/O share. */
export interface SystemParts {
  config: CompiledConfig
  host: HostIdentity
  store: StoreThread
  beatMemory: BeatMemory
  slots: Slots
  /** Decides which workers may ask for a slot. */
  order: StartOrder
  /** Decides which worker may try to start while resources are missing. */
  startGate: StartGate
  lanes: Lanes
  quotas: QuotaNews
  introductions: WorkerIntroductions
  pools: Pools
  /** Watches workers that another host holds. */
  held: { watch(): void; stop(): void }
  logs: Logs
  recorder: Recorder
  /** For calls that wait while the store cannot be written. */
  writeRetry: WriteRetry
  /** The store for such calls. */
  calls: EngineClient
  /** null: no evidence files. */
  evidence: EvidenceFiles | null
  /** Values to redact in everything that is written. */
  secrets: string[]
  /** Plain data without them. */
  redact: <T>(data: T) => T
  monitor: { send(event: MonitorEvent): void }
  /** Monotonic, and close to the epoch's milliseconds. */
  now: () => number
  wallClock: WallClock
  /** Emits an event, and stores it if it is a stored one. */
  publish: <Name extends EventName>(name: Name, payload: DroverEvents[Name]) => void
  /** Only emits an event, which the recorder already has. */
  tell: <Name extends EventName>(name: Name, payload: DroverEvents[Name]) => void
  /** Logs an internal error that has no other effect. */
  report: (what: string, error: unknown) => void
  /** Notifies waiting calls of a change. */
  changed: () => void
  isClosing: () => boolean
  /** Whether items are being loaded into a dataset right now. */
  isLoading: (dataset: string) => boolean
  /** Whether this host has loaded a dataset, perhaps without items. */
  wasLoaded: (dataset: string) => boolean
  /** A worker waits for a slot: an idle worker gives up its own, if that helps. */
  makeRoom: () => void
  /** Whether a worker has a supervisor besides the system. */
  isSupervised: (worker: string) => boolean
}
