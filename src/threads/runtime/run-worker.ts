/**
 * Runs a worker in its thread or process: loads the module, runs `setup`, reports ready, and works until it is asked to finish or
 * fails. A fatal error is sent as plain data from inside, because an error that crosses threads by itself loses half of its
 * fields (and a cyclic cause crashes the parent on Node.js 20).
 */
import { getHeapStatistics, setHeapSnapshotNearHeapLimit } from 'node:v8'
import { expose } from 'comlink'
import { toErrorRecord } from '../../errors.js'
import { nodeEndpoint } from '../../ports/comlink-endpoint.js'
import type { Port } from '../../ports/port.js'
import { QuotaClient } from '../../quotas/client.js'
import { createRedactor } from '../../redact.js'
import { quotaClientOf } from '../../store/contract/quotas.js'
import { StoreClient } from '../../store/thread/client.js'
import { withSources } from '../evidence/source-maps.js'
import type { BeatCell } from '../heartbeat/beats.js'
import { ownTid } from '../heartbeat/starvation.js'
import type { ThreadControl, ThreadReport, WorkerBoot } from '../protocol/messages.js'
import type { TasksInHand } from '../protocol/tasks-in-hand.js'
import { Context } from './context/worker-context.js'
import { loadWorkerModule } from './load-module.js'
import { watchRecycling } from './recycling.js'
import { fitInput } from './tasks/fit-schema.js'
import { TaskLoop } from './tasks/loop.js'
import { threadLog } from './thread-log.js'

/** The connections and data of a worker. */
export interface WorkerMeans {
  boot: WorkerBoot
  /** To the store thread. */
  store: Port
  /** Turns the argument of {@link ThreadControl.reconnect} into a port. */
  openStore: (received: Parameters<ThreadControl['reconnect']>[0]) => Port
  /** For {@link ThreadControl}. */
  control: Port
  beats: BeatCell
  inHand: TasksInHand
  /** Must not lose a `failed`, although the process ends right after. */
  report: (report: ThreadReport) => void
}

/** Settles once the worker is ready; timers and ports keep it alive. */
export async function runWorker({ boot, store: port, openStore, control: controlPort, beats, inHand, report }: WorkerMeans): Promise<void> {
  const redact = createRedactor(boot.secrets, [])

  /** Ends a failing worker: reports the reason and exits. */
  function die(kind: Extract<ThreadReport, { type: 'failed' }>['kind'], thrown: unknown): never {
    work?.loop?.flush()
    report({ type: 'failed', kind, error: withSources(toErrorRecord(thrown, redact)) })
    process.exit(1)
  }

  process.on('uncaughtException', (error, origin) => die(origin === 'unhandledRejection' ? 'unhandled-rejection' : 'uncaught-error', error))

  beats.runsAs(ownTid())
  const beat = (): void => beats.beat(getHeapStatistics().used_heap_size, performance.eventLoopUtilization().idle)
  beat()
  setInterval(beat, boot.heartbeat.everyMs)
  if (boot.snapshotNearHeapLimit) setHeapSnapshotNearHeapLimit(1)

  const { log, setLevel } = threadLog(boot.logLevel, redact, report)
  const store = new StoreClient(port)
  const crash = (reason: unknown): never => die('uncaught-error', reason)
  const quotas = new QuotaClient({ store, client: quotaClientOf(boot.id, boot.fence), host: boot.host, worker: boot.id })
  const context = new Context({ boot, beats, quotas, log, crash, report })

  /** Set after `setup`; before, there is nothing to pause or finish. */
  let work: { loop: TaskLoop; teardown: () => unknown } | { loop: null; returned: Promise<void>; teardown: () => unknown } | null = null
  let finishing = false
  /** A pause that was requested before there was a loop. */
  let startsPaused = false
  let toldRecycle = false

  const lookAtTasks = watchRecycling(
    boot.recycle,
    () => beats.read().done,
    (reason) => {
      if (toldRecycle || !work) return
      toldRecycle = true
      report({ type: 'recycle', reason })
    },
  )

  const control: ThreadControl = {
    pause() {
      startsPaused = true
      if (work?.loop) work.loop.pause()
      else if (work) beats.phase('paused')
    },
    resume() {
      toldRecycle = false
      startsPaused = false
      if (work?.loop) work.loop.resume()
      else if (work) beats.phase('working')
    },
    poke: () => work?.loop?.poke(),
    async finish() {
      finishing = true
      if (!work) return
      if (work.loop) {
        await work.loop.finish()
        work.loop.flush()
      } else {
        context.abort(new Error('the worker is stopped'))
        await work.returned
      }
      await tearDown()
      await quotas.flush().catch(() => {})
    },
    setLogLevel: setLevel,
    abort(reason) {
      context.abort(new Error(reason))
      work?.loop?.abort(new Error(reason))
    },
    reconnect: (received) => store.reattach(openStore(received)),
  }
  expose(control, nodeEndpoint(controlPort))

  /** The author's own loop: a return ends the worker, a throw fails it, unless it was asked to stop. */
  async function run(own: () => unknown): Promise<void> {
    try {
      await own()
      beats.phase('waiting')
      if (boot.permanent && !finishing) await returned()
      else report({ type: 'complete', counts: null })
    } catch (error) {
      if (!finishing) die('uncaught-error', error)
    }
  }

  /** A permanent worker's `run` must not return, as in OTP. */
  async function returned(): Promise<never> {
    await tearDown()
    die('exit', new Error('run() returned, and its restart mode is permanent'))
  }

  async function tearDown(): Promise<void> {
    try {
      await work?.teardown()
    } catch (error) {
      log.error('teardown threw', { error: toErrorRecord(error) })
    }
  }

  try {
    const definition = await loadWorkerModule(boot.module)
    const { input, why } = await fitInput(definition.workerInput, boot.input)
    context.input = input
    context.declined = why
    try {
      if (why === null) context.state = await definition.setup?.(context as Context & { state: undefined })
    } catch (error) {
      if (context.declined === null) throw error
    }
    if (context.declined !== null) {
      report({ type: 'declined', reason: redact(context.declined) })
      return
    }
    const teardown = (): unknown => definition.teardown?.(context)
    context.ready = true
    if (definition.process) {
      const loop = new TaskLoop({ boot, definition, store, quotas, beats, inHand, context, report, redact, crash, onTaskEnd: lookAtTasks })
      work = { loop, teardown }
      report({ type: 'ready' })
      if (startsPaused) loop.pause()
      else loop.start()
    } else {
      beats.phase('working')
      report({ type: 'ready' })
      work = { loop: null, returned: run(() => definition.run?.(context)), teardown }
    }
  } catch (error) {
    die('start-error', error)
  }
}
