/**
 * Opens a system in order (logs, store, host, registry, actors). If a step fails, all earlier ones are closed.
 */
import { createActor } from 'xstate'
import { DroverError, toErrorRecord } from '../../errors.js'
import { Events } from '../../events/emitter.js'
import type { DroverEvents, EventName } from '../../events/event-map.js'
import { Recorder } from '../../events/recorder.js'
import { createLogs } from '../../logs/logs.js'
import { Slots } from '../../machines/slots.js'
import { StartGate } from '../../machines/start-gate.js'
import { StartOrder } from '../../machines/supervision/start-order.js'
import type { SupervisorState } from '../../machines/supervision/strategies.js'
import { Tree } from '../../machines/supervision/tree.js'
import { kept as readChange, withKept } from '../../options/changes.js'
import type { CompiledWorker } from '../../options/compiled.js'
import type { DroverOptions } from '../../options/drover.js'
import { compileInTurns } from '../../options/validate.js'
import { Pools } from '../../pools/pools.js'
import { redactAll } from '../../redact.js'
import type { EngineClient } from '../../store/contract/engine.js'
import { hostTtlMs as defaultTtlMs } from '../../store/contract/engine.js'
import type { WorkerRow } from '../../store/contract/registry.js'
import { leaveStore, tellDeparted } from '../../store/departed-hosts.js'
import { hostIdentity } from '../../store/host-identity.js'
import { renewHost } from '../../store/host-renewal.js'
import { lookAtStore } from '../../store/read-pool/check-store.js'
import { Reader } from '../../store/read-pool/reader.js'
import { StoreThread } from '../../store/thread/handle.js'
import { WriteRetry } from '../../store/write-retry.js'
import { EvidenceFiles } from '../../threads/evidence/files.js'
import { BeatMemory } from '../../threads/heartbeat/beats.js'
import { every } from '../../time/every.js'
import { patientClock } from '../../time/patient-timer.js'
import { TimeLimit } from '../../time/time-limit.js'
import { inTurns, nextTurn, piecewise } from '../../time/turns.js'
import { WallClock } from '../../time/wall-clock.js'
import { duration } from '../../values/duration.js'
import { firstOf } from '../../values/first-of.js'
import { checkIsolation } from '../worker/boot-data.js'
import type { SystemParts } from '../worker/contract.js'
import { HeldWorkers } from '../worker/held-workers.js'
import { Lanes } from '../worker/lane-counts.js'
import { declareWorkers } from '../worker/registration.js'
import { ManagedWorker } from '../worker/worker.js'
import { AwaitedConditions } from './awaited-conditions.js'
import type { OpenSystem } from './contract.js'
import { enlist, lookAtShared } from './instances.js'
import { Introductions } from './introductions.js'
import { Secrets } from './known-secrets.js'
import { QuotaControl } from './quota-control.js'
import { orphansOf, restore, tellRecovered } from './recover.js'
import { rootNode, system } from './root-actor.js'
import { dismiss, staff } from './staffing.js'
import { supervisionEffects } from './supervision-effects.js'

/** Time between looks at the wall clock: the store should have times of waits by it. */
const wallLookMs = 5_000
/** Time between scans of beats; less if a worker beats more often than twice this time. */
const scanEveryMs = 1_000

/**
 * @param hostTtlMs how long after its last renewal this host counts as alive if its process cannot be checked
 * @throws DroverError BUNDLED, CONFIG_INVALID, or a STORE_ code; then nothing is left running
 */
export async function openSystem(given: DroverOptions, { hostTtlMs = defaultTtlMs } = {}): Promise<OpenSystem> {
  // First, because the paths of its modules are wrong in a bundle too.
  StoreThread.checkEntry()
  const first = await compileInTurns(given)
  const secrets = new Secrets(first.secrets, [...first.workers, ...first.pools])
  const { redact } = secrets
  const logs = createLogs(first.log, { redact })
  const log = logs.part('system')
  const now = (): number => performance.timeOrigin + performance.now()
  const report = (what: string, error: unknown): void => log.error(what, { error: toErrorRecord(error) })
  const events = new Events((name, error) => report(`a listener of ${name} threw`, error))

  const host = hostIdentity()
  let store: StoreThread
  try {
    store = await StoreThread.open({ file: first.store, durability: first.durability, keepEvents: first.keepEvents })
  } catch (error) {
    await logs.close()
    throw error
  }
  const reader = new Reader({ file: first.store, client: store.client })
  try {
    const recovered = await store.client.call('join', { host, ttlMs: hostTtlMs })
    const takenBack = new Set(recovered.workers)
    await tellDeparted(store.client, first.store)
    const { changes } = await store.client.call('keptChanges', {})
    const kept = new Map(changes.map(({ id, change }) => [id, readChange(change)]))
    const { options, config } = await withKept(given, first, kept, (id, error) => {
      report(`a stored change of ${id} no longer fits the configuration and is skipped`, error)
    })
    if (config.quotas.length > 0) await store.client.call('declareQuotas', { quotas: config.quotas })

    const lanes = new Lanes(now)
    const loading = new Map<string, number>()
    const loaded = new Set<string>()
    const silence = new Map<string, number>()
    const { watchers, until, changed } = new AwaitedConditions(report)
    const managed = new Map<string, ManagedWorker>()
    const tree = new Tree(config.tree)
    const supervisors = new Map<string, { state: SupervisorState; reason: string; since: number }>()
    const managedOf = (worker: string): ManagedWorker => managed.get(worker) as ManagedWorker
    const recorder = new Recorder(store.client, host.id, log)
    const ending = new AbortController()
    const writeRetry = new WriteRetry({ ending: ending.signal, isFinal: () => store.hasFailed, log })
    const publish = <Name extends EventName>(name: Name, told: DroverEvents[Name]): void => {
      // Counts are frequent and hold no texts.
      const payload = name === 'lane:counts:changed' ? told : redactAll(told, redact)
      events.emit(name, payload)
      recorder.event(name, payload, now())
    }
    const quotas = new QuotaControl()
    const wallClock = new WallClock({
      steady: now,
      onSet: (by) => {
        if (ending.signal.aborted) return
        log.info(`the wall clock went ${by > 0 ? 'forward' : 'back'} by ${duration(Math.abs(by))}: it was set, or the machine slept`)
        const waiting = [...managed.values()].filter((own) => own.memory.until !== null)
        void inTurns(waiting, (own) => own.keep(own.memory))
      },
    })
    const introductions = new Introductions({ worker: (id) => managed.get(id), publish, now })
    const redactData = <T>(data: T): T => redactAll(data, redact)
    const hidden = { secrets: secrets.values, hide: secrets.addFrom.bind(secrets), redact: redactData }
    const pools = new Pools({ logs, publish, now, killMs: config.killMs, ...hidden }, config.pools)
    const parts: SystemParts & { quotas: QuotaControl; introductions: Introductions } = {
      config,
      host,
      store,
      beatMemory: new BeatMemory(),
      slots: new Slots({
        limit: config.concurrency,
        groups: config.groups,
        now: () => performance.now(),
        grant: (worker) => managed.get(worker)?.tell({ type: 'SLOT' }),
      }),
      order: new StartOrder({ tree, phase: (worker) => managedOf(worker).phase, admit: (worker) => managedOf(worker).admit() }),
      startGate: new StartGate((worker) => managed.get(worker)?.ref.send({ type: 'ROOM' })),
      lanes,
      quotas,
      introductions,
      pools,
      logs,
      recorder,
      writeRetry,
      calls: writeRetry.client(store.client),
      evidence: config.evidence && new EvidenceFiles(config.evidence, report),
      secrets: secrets.values,
      redact: redactData,
      held: new HeldWorkers({ store, host, logs, managed, onTaken: (back) => tellRecovered(back, publish, now()) }),
      monitor: { send: (event) => root.system.get('monitor')?.send(event) },
      now,
      wallClock,
      publish,
      tell: (name, payload) => events.emit(name, payload),
      report,
      changed,
      isClosing: () => root.getSnapshot().matches('closing') || root.getSnapshot().matches('closed'),
      isLoading: (dataset) => loading.has(dataset),
      wasLoaded: (dataset) => loaded.has(dataset),
      makeRoom: () => {
        for (const worker of parts.slots.holders) {
          const own = managed.get(worker)
          if (!own?.idle || !parts.slots.isWaitedFor(worker)) continue
          own.tell({ type: 'YIELD' })
          return
        }
      },
      isSupervised: (worker) => tree.above(worker).length > 0,
    }
    const supervision = supervisionEffects({ parts, managed, tree, supervisors, watchers, log })

    const declareBy = async (client: EngineClient, workers: readonly CompiledWorker[]): Promise<ManagedWorker[]> => {
      checkIsolation(workers, config.store)
      const rows = await declareWorkers(client, workers, lanes)
      secrets.addFrom(workers)
      const fresh: ManagedWorker[] = []
      await inTurns([...workers.entries()], ([index, worker]) => {
        if (!managed.has(worker.id)) fresh.push(new ManagedWorker(worker, parts, ...restore(rows[index] as WorkerRow, takenBack, parts)))
      })
      return fresh
    }
    const declared = new Map<string, ManagedWorker[]>()
    for (const own of await declareBy(store.client, config.workers)) enlist({ managed, declared }, own)
    const orphans = orphansOf(recovered, managed)
    await nextTurn()
    const root = createActor(system, {
      input: { root: rootNode(config), supervision, scanEveryMs, silence, now: () => performance.now() },
      clock: patientClock,
    })
    root.subscribe({ error: (error) => report('the root actor failed', error) })
    root.start()

    let told = false
    const tellFound = (): void => {
      if (told) return
      told = true
      tellRecovered(recovered, publish, now())
      for (const orphan of orphans) publish('worker:failure:recorded', orphan)
    }
    store.on('counts', (counts) => {
      lanes.update(counts)
      publish('lane:counts:changed', { lanes: counts, at: now() })
      lookAtShared(counts, managed)
    })
    store.on('restarted', ({ error }) => {
      publish('store:thread:restarted', { message: toErrorRecord(error).message, at: now() })
      log.warn('the store thread died and was replaced', { error: toErrorRecord(error) })
    })
    store.on('failed', ({ error }) => recorder.end(error))
    store.onReconnect = (worker) => managed.get(worker)?.reconnectStore()
    await piecewise(staff(root, tree.root))

    const stopPresence = renewHost(
      store.client,
      host.id,
      {
        lost: (workers) => {
          for (const worker of workers) managed.get(worker)?.taken()
        },
        taken: (back) => tellRecovered(back, publish, now()),
        failed: (error) => log.debug('this host could not be renewed in the store; it is tried again', { error: toErrorRecord(error) }),
      },
      hostTtlMs,
    )

    const stopLooking = every(wallLookMs, () => wallClock.look())
    const looking = new AbortController()
    // A host that died may have left a damaged file. Checked in the background, because the file may be large.
    if (recovered.gone > 0 && first.store !== ':memory:') {
      void lookAtStore(reader, looking.signal, {
        damaged: (error) => store.damaged(error),
        doubtful: (message, problems) => log.error(message, { problems }),
        failed: (error) => log.warn('the store could not be checked after a host died', { error: toErrorRecord(error) }),
      })
    }

    const shutDown = async (withinMs: number): Promise<void> => {
      looking.abort(new DroverError('CLOSED', 'the system is closing'))
      stopPresence()
      stopLooking()
      parts.held.stop()
      tellFound()
      const limit = new TimeLimit(withinMs, `the store did not answer within ${duration(withinMs)}`)
      await Promise.race([recorder.close(), limit.over.catch((error) => recorder.end(error))])
      await piecewise(dismiss(root, tree.root))
      // Stopping the root would stop all actors below in one piece.
      root.send({ type: 'CLOSED' })
      root.stop()
      await Promise.race([leaveStore(store.client, first.store, host.id), limit.over]).catch((error: unknown) => {
        const held = [...managed.values()].filter((own) => own.isHeldHere).map(({ config }) => config.id)
        const till = 'until this process ends or opens the store again, other processes see them as held'
        report(`could not leave the store${held.length > 0 ? ` and release ${firstOf(held, 20)}: ${till}` : ''}`, error)
      })
      await reader.close()
      await store.close(limit.over.catch(() => {}))
      limit.clear()
      await logs.close()
    }
    const opened: OpenSystem = {
      options,
      kept,
      parts,
      events,
      reader,
      root,
      managed,
      declared,
      tree,
      supervisors,
      silence,
      loading,
      loaded,
      unused: new Map(),
      watchers,
      ending,
      declare: (workers) => declareBy(parts.calls, workers),
      until,
      shutDown,
    }
    quotas.open(opened)
    // After the caller has had the time to add listeners.
    setImmediate(tellFound)
    return opened
  } catch (error) {
    await reader.close()
    await store.close()
    await logs.close()
    throw error
  }
}
