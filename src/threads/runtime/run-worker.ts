/**
 * Runs a worker in its thread or process: loads the module, runs `setup`, reports ready, and works until it is asked to finish or
 * fails. A fatal error is sent as plain data from inside, because an error that crosses threads by itself loses half of its
 * fields (and a cyclic cause crashes the parent on Node.js 20).
 */
import { getHeapStatistics, setHeapSnapshotNearHeapLimit } from 'node:v8'
import { expose } from 'comlink'
import { DroverError, toErrorRecord } from '../../errors.js'
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
import type { DefinedWorker } from './define-worker.js'
import { loadWorkerModule } from './load-module.js'
import { handleWith } from './receive.js'
import { watchRecycling } from './recycling.js'
import { fitInput } from './tasks/fit-schema.js'
import { TaskLoop } from './tasks/loop.js'
import { threadLog } from './thread-log.js'
import { ThreadMessages } from './thread-messages.js'

/** The connections and data of a worker. */
export interface WorkerMeans {
  boot: WorkerBoot
  /** To the store thread. */
  store: Port
  /** Turns what {@link ThreadControl} brings of a port into one. */
  openPort: (received: Parameters<ThreadControl['reconnect']>[0]) => Port
  /** For {@link ThreadControl}. */
  control: Port
  beats: BeatCell
  inHand: TasksInHand
  /** Must not lose a `failed`, although the process ends right after. */
  report: (report: ThreadReport) => void
}

/** From now on it beats; V8 writes a snapshot if that is wanted. */
function beWatched(beats: BeatCell, { heartbeat, snapshotNearHeapLimit }: WorkerBoot): void {
  beats.runsAs(ownTid())
  const beat = (): void => beats.beat(getHeapStatistics().used_heap_size, performance.eventLoopUtilization().idle)
  beat()
  setInterval(beat, heartbeat.everyMs)
  if (snapshotNearHeapLimit) setHeapSnapshotNearHeapLimit(1)
}

/** @throws DroverError WORKER_MODULE_INVALID if it would never do the tasks of its dataset */
function checkActor({ process, run }: DefinedWorker, { id, dataset }: WorkerBoot): void {
  if (process || run || dataset === null) return
  throw new DroverError('WORKER_MODULE_INVALID', `${id} has a dataset, but its module has no process, only receive`)
}

/** Settles once the worker is ready; timers and ports keep it alive. */
export async function runWorker({ boot, store: port, openPort, control: controlPort, beats, inHand, report }: WorkerMeans): Promise<void> {
  const redact = createRedactor(boot.secrets, [])

  /** Ends a failing worker: reports the reason and exits. */
  function die(kind: Extract<ThreadReport, { type: 'failed' }>['kind'], thrown: unknown): never {
    work?.loop?.flush()
    report({ type: 'failed', kind, error: withSources(toErrorRecord(thrown, redact)) })
    process.exit(1)
  }

  process.on('uncaughtException', (error, origin) => die(origin === 'unhandledRejection' ? 'unhandled-rejection' : 'uncaught-error', error))

  beWatched(beats, boot)
  const { log, setLevel } = threadLog(boot.logLevel, redact, report)
  const store = new StoreClient(port)
  const crash = (reason: unknown): never => die('uncaught-error', reason)
  const quotas = new QuotaClient({ store, client: quotaClientOf(boot.id, boot.fence), host: boot.host, worker: boot.id })
  const messages = new ThreadMessages({ boot, beats, redact, report, log, openPort })
  const context = new Context({ boot, beats, quotas, messenger: messages.messenger, log, crash, report })

  /** Set after `setup`; before, there is nothing to pause or finish. */
  let work: { loop: TaskLoop; teardown: () => unknown } | { loop: null; returned: Promise<void> | null; teardown: () => unknown } | null =
    null
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
      messages.pause()
      if (work && !work.loop) beats.phase('paused')
      work?.loop?.pause()
    },
    resume() {
      toldRecycle = false
      startsPaused = false
      messages.resume()
      if (work && !work.loop) goOn(work.returned === null)
      work?.loop?.resume()
    },
    poke: () => work?.loop?.poke(),
    async finish() {
      finishing = true
      if (!work) return
      const received = messages.end()
      if (!work.loop) context.abort(new Error('the worker is stopped'))
      await (work.loop ? work.loop.finish() : work.returned)
      work.loop?.flush()
      await received
      await tearDown()
      await quotas.flush().catch(() => {})
    },
    setLogLevel: setLevel,
    abort(reason) {
      context.abort(new Error(reason))
      work?.loop?.abort(new Error(reason))
      messages.abort(new Error(reason))
    },
    peer: (news, link) => messages.news(news, link),
    accept: (from, link, begun) => messages.accept(from, link, begun),
    reconnect: (received) => store.reattach(openPort(received)),
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

  function goOn(actor: boolean): void {
    if (startsPaused) beats.phase('paused')
    else beats.phase(actor ? 'waiting' : 'working')
    if (actor) report({ type: 'waiting' })
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
    checkActor(definition, boot)
    context.ready = true
    const { run: own, receive = {} } = definition
    const teardown = (): unknown => definition.teardown?.(context)
    messages.open(handleWith(receive, context))
    if (definition.process) {
      const loop = new TaskLoop({ boot, definition, store, quotas, beats, inHand, context, report, redact, crash, onTaskEnd: lookAtTasks })
      work = { loop, teardown }
      report({ type: 'ready', actor: false })
      if (startsPaused) loop.pause()
      else loop.start()
    } else if (own) {
      beats.phase('working')
      report({ type: 'ready', actor: false })
      work = { loop: null, returned: run(() => own(context)), teardown }
    } else {
      work = { loop: null, returned: null, teardown }
      report({ type: 'ready', actor: true })
      goOn(true)
    }
  } catch (error) {
    die('start-error', error)
  }
}
