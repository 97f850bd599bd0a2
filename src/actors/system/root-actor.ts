/**
 * The root actor: owns the monitor and the topmost supervisor, and knows whether the system is open, closing, closed or failed.
 */
import { setup } from 'xstate'
import type { DroverEvents, EventName } from '../../events/event-map.js'
import type { Recorder } from '../../events/recorder.js'
import type { Logs } from '../../logs/logs.js'
import type { Slots } from '../../machines/slots.js'
import type { StartGate } from '../../machines/start-gate.js'
import type { SupervisorNode } from '../../machines/supervision/rules.js'
import type { StartOrder } from '../../machines/supervision/start-order.js'
import type { CompiledConfig } from '../../options/drover.js'
import type { EngineClient, HostIdentity } from '../../store/contract/engine.js'
import type { Patience } from '../../store/patience.js'
import type { StoreHost } from '../../store/thread/handle.js'
import type { EvidenceFiles } from '../../threads/evidence/files.js'
import type { BeatBoard } from '../../threads/heartbeat/beats.js'
import { type MonitorEvent, monitor } from '../../threads/heartbeat/monitor.js'
import { type SupervisionEffects, supervisor } from '../supervisor/supervisor.js'
import type { HeldWorkers } from '../worker/held-workers.js'
import type { Lanes } from '../worker/lane-counts.js'
import type { QuotaDesk } from './quota-control.js'

/** What every actor that does I/O shares. */
export interface SystemParts {
  config: CompiledConfig
  host: HostIdentity
  store: StoreHost
  board: BeatBoard
  slots: Slots
  /** Who may ask for a slot. */
  order: StartOrder
  /** Who may try to start while the machine lacks what that takes. */
  startGate: StartGate
  lanes: Lanes
  quotas: QuotaDesk
  /** Those that another host holds. */
  held: HeldWorkers
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

export interface SystemInput {
  root: SupervisorNode
  supervision: SupervisionEffects
  scanEveryMs: number
  silence: Map<string, number>
  now: () => number
}

export const system = setup({
  types: {
    input: {} as SystemInput,
    context: {} as SystemInput,
    events: {} as { type: 'CLOSE' } | { type: 'FAIL' } | { type: 'CLOSED' },
  },
  actors: { monitor, supervisor },
}).createMachine({
  id: 'system',
  context: ({ input }) => input,
  invoke: [
    {
      src: 'monitor',
      id: 'monitor',
      systemId: 'monitor',
      input: ({ context }) => ({ everyMs: context.scanEveryMs, now: context.now, silence: context.silence }),
    },
    {
      src: 'supervisor',
      id: 'supervisor',
      systemId: 'supervisor',
      input: ({ context }) => ({ node: context.root, effects: context.supervision, parent: null, vacant: true }),
    },
  ],
  initial: 'open',
  states: {
    open: { on: { CLOSE: 'closing', FAIL: 'failed' } },
    failed: { on: { CLOSE: 'closing' } },
    closing: { on: { CLOSED: 'closed' } },
    closed: { type: 'final' },
  },
})
