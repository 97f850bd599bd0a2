/**
 * Brings a system up in order (logs, store, host, registry, actors) and takes down what was up if a step fails.
 */
import { type ActorRefFrom, createActor } from 'xstate'
import { toErrorRecord } from '../errors.js'
import { type DroverEvents, type EventName, Events } from '../events.js'
import { Lanes } from '../lanes.js'
import { createLogs } from '../logs/logs.js'
import type { Failure } from '../machines/failure.js'
import { freshMemory, type WorkerMemory, type WorkerState, workerStates } from '../machines/lifecycle-contract.js'
import { Slots } from '../machines/slots.js'
import type { CompiledConfig, CompiledWorker } from '../options.js'
import { patientClock } from '../patient-timer.js'
import { Recorder } from '../recorder.js'
import { createRedactor, findSecrets } from '../redact.js'
import type { LaneSpec, TakenBack, WorkerRow } from '../store/engine.js'
import { hostIdentity } from '../store/host-identity.js'
import { Reader } from '../store/reader.js'
import { StoreHost } from '../store/store-host.js'
import { BeatBoard } from '../threads/beats.js'
import { type SystemParts, system } from './system.js'
import { WorkerHands } from './worker.js'

/** A host shows signs of life so often, ... */
const renewEveryMs = 5_000
/** ... and is taken for gone after so long without, where it cannot be seen directly. */
const hostTtlMs = 30_000
/** Beats are looked at this often, or twice a beat if that is more often. */
const scanMostMs = 1_000
const scanLeastMs = 10

export interface OpenSystem {
  parts: SystemParts
  events: Events
  reader: Reader
  root: ActorRefFrom<typeof system>
  hands: Map<string, WorkerHands>
  silence: Map<string, number>
  /** Datasets being loaded, with how many loads. */
  loading: Map<string, number>
  /** Told when something changed that somebody may be waiting for. */
  watchers: Set<() => void>
  /** Ends what runs beside the actors: timers, store, logs. */
  shutDown: () => Promise<void>
}

/** @throws DroverError of the STORE_ codes; nothing is left running then */
export async function openSystem(config: CompiledConfig): Promise<OpenSystem> {
  const secrets = [...new Set([...config.secrets, ...config.workers.flatMap((worker) => findSecrets(worker.input))])]
  const redact = createRedactor(secrets)
  const logs = createLogs(config.log, { redact })
  const log = logs.part('system')
  const now = (): number => performance.timeOrigin + performance.now()
  const report = (what: string, error: unknown): void => log.error(what, { error: toErrorRecord(error) })
  const events = new Events((name, error) => report(`a listener of ${name} threw`, error))

  const host = hostIdentity()
  let store: StoreHost
  try {
    store = await StoreHost.open({ file: config.store, durability: config.durability, keepEvents: config.keepEvents })
  } catch (error) {
    await logs.close()
    throw error
  }
  const reader = new Reader({ file: config.store, client: store.client })
  try {
    const recovered = await store.client.call('join', { host })
    const { workers: rows } = await store.client.call('declare', {
      workers: config.workers.map((worker) => ({ worker: worker.id, lane: laneOf(worker) })),
    })
    if (config.quotas.length > 0) await store.client.call('declareQuotas', { quotas: config.quotas })

    const lanes = new Lanes(now)
    const loading = new Map<string, number>()
    const silence = new Map<string, number>()
    const watchers = new Set<() => void>()
    const hands = new Map<string, WorkerHands>()
    const recorder = new Recorder(store.client, host.id, (error) => report('could not store what happened', error))
    const publish = <Name extends EventName>(name: Name, payload: DroverEvents[Name]): void => {
      events.emit(name, payload)
      recorder.event(name, payload, now())
    }
    const parts: SystemParts = {
      config,
      host,
      store,
      board: new BeatBoard(),
      slots: new Slots({
        limit: config.concurrency,
        groups: config.groups,
        now: () => performance.now(),
        grant: (worker) => hands.get(worker)?.ref.send({ type: 'SLOT' }),
      }),
      lanes,
      logs,
      recorder,
      secrets,
      monitor: { send: (event) => root.system.get('monitor')?.send(event) },
      now,
      publish,
      report,
      escalate: (worker, reason) => {
        publish('system:failure:escalated', { worker, reason, answer: config.onEscalation, at: now() })
        if (config.onEscalation === 'keep') return
        for (const own of hands.values()) {
          if (own.config.id !== worker && !own.settled) own.stop({ type: 'STOP', reason: `${worker} escalated: ${reason}` })
        }
      },
      changed: () => {
        for (const look of [...watchers]) look()
      },
      isClosing: () => root.getSnapshot().matches('closing') || root.getSnapshot().matches('closed'),
      isLoading: (dataset) => loading.has(dataset),
    }
    lanes.update(rows.flatMap((row) => row.lane ?? []))

    const orphans: { worker: string; failure: Failure }[] = []
    const children = config.workers.map((worker) => {
      const row = rows.find((candidate) => candidate.worker === worker.id) ?? null
      const restored = restore(row, recovered, now())
      if (restored?.memory.lastFailure?.kind === 'orphaned' && recovered.workers.includes(worker.id)) {
        orphans.push({ worker: worker.id, failure: restored.memory.lastFailure })
      }
      const own = new WorkerHands(worker, parts)
      hands.set(worker.id, own)
      return { config: worker, hands: own, restored }
    })
    const scanEveryMs = Math.max(scanLeastMs, Math.min(scanMostMs, ...config.workers.map(({ heartbeat }) => heartbeat.everyMs / 2)))
    const input = { children, drainMs: config.drainMs, scanEveryMs, silence, now: () => performance.now() }
    const root = createActor(system, { input, clock: patientClock })
    root.subscribe({ error: (error) => report('the root actor failed', error) })
    root.start()

    tellRecovered(recovered, publish, now())
    for (const orphan of orphans) publish('worker:failure:recorded', orphan)

    store.on('counts', (counts) => {
      lanes.update(counts)
      publish('lane:counts:changed', { lanes: counts, at: now() })
    })
    store.on('restarted', ({ error }) => {
      publish('store:thread:restarted', { message: toErrorRecord(error).message, at: now() })
      log.warn('the store thread died and was replaced', { error: toErrorRecord(error) })
    })
    store.onReconnect = (worker) => hands.get(worker)?.reconnectStore()

    const renewal = setInterval(() => {
      store.client
        .call('renew', { host: host.id, ttlMs: hostTtlMs })
        .then(({ lost }) => {
          for (const worker of lost) hands.get(worker)?.stop({ type: 'STOP', reason: 'another host has taken it', drainMs: 0 })
          return store.client.call('sweep', { host: host.id })
        })
        .then((taken) => tellRecovered(taken, publish, now()))
        .catch((error: unknown) => log.debug('renewal failed', { error: toErrorRecord(error) }))
    }, renewEveryMs)
    renewal.unref()

    const shutDown = async (): Promise<void> => {
      clearInterval(renewal)
      await recorder.flush()
      root.stop()
      await store.client.call('leave', { host: host.id }).catch((error: unknown) => report('could not leave the store', error))
      await reader.close()
      await store.close()
      await logs.close()
    }
    return { parts, events, reader, root, hands, silence, loading, watchers, shutDown }
  } catch (error) {
    await reader.close()
    await store.close()
    await logs.close()
    throw error
  }
}

export function laneOf({ dataset, annotator, domain, target }: CompiledWorker): LaneSpec | null {
  return dataset === null ? null : { dataset, annotator, domain, target }
}

function tellRecovered(taken: TakenBack, publish: SystemParts['publish'], at: number): void {
  if (taken.workers.length > 0 || taken.leases > 0) publish('host:work:recovered', { ...taken, at })
}

/** What an earlier host left of a worker. One that was live there when that host went is orphaned. */
function restore(row: WorkerRow | null, recovered: TakenBack, at: number): { state: WorkerState; memory: WorkerMemory } | null {
  if (!row || !(row.state in workerStates) || row.holder) return null
  const memory: WorkerMemory = { ...freshMemory, ...(row.memory as Partial<WorkerMemory> | null) }
  if (!recovered.workers.includes(row.worker)) return { state: row.state as WorkerState, memory }
  const live: readonly string[] = ['starting', 'running', 'paused', 'stuck', 'stopping', 'crashed']
  if (!live.includes(row.state)) return { state: row.state as WorkerState, memory }
  const message = `the host that ran it is gone; it was ${row.state}`
  const lastFailure: Failure = {
    kind: 'orphaned',
    message,
    error: null,
    exitCode: null,
    hungAt: null,
    evidence: null,
    tasks: [],
    uptimeMs: null,
    at,
  }
  return { state: 'idle', memory: { ...memory, reason: message, lastFailure } }
}
