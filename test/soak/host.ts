/**
 * A host of the soak: a process with one system, which does what it is told, notes what is to be seen from the main thread, and is killed
 * at any moment. Told what to soak by one JSON argument, and what to do by messages.
 */
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { BroadcastChannel, type Worker } from 'node:worker_threads'
import { openSystem } from '../../src/actors/system/open.js'
import { Drover } from '../../src/drover/drover.js'
import { type DeadTask, DroverError } from '../../src/index.js'
import { collect } from '../support/system.js'
import { noter } from './notes.js'
import type { Step } from './plan.js'
import { settledReading } from './reading.js'
import type { FaultOrder } from './soak.worker.js'
import { concurrency, droverOptions, groups, item } from './subject.js'

export interface SoakOrders {
  store: string
  notes: string
  workers: number
}

/** What the host is told to do: a step of the plan, or how it all ends. */
export type HostStep = Step | { do: 'finish' } | { do: 'snapshot'; file: string }

/** What it says: it is up; it has done what it was told, and what it has to show for it. */
export type HostWord = { at: 'open' } | { at: 'answered'; n: number }

/** What a snapshot's file holds. */
export interface Snapshot {
  results: { worker: string; key: string; attempt: number; value: { pid: number; thread: number } }[]
  dead: { worker: string; key: string; kind: DeadTask['kind']; attempt: number }[]
  /** Results by worker as its status has it, with nothing running; else null. */
  done: Record<string, number> | null
}

const storedEveryMs = 100

const orders = JSON.parse(process.argv[2] as string) as SoakOrders
const note = noter(orders.notes)
const { pid } = process
const say = (word: HostWord): void => void process.send?.(word)
const trouble = (message: string): void => note({ k: 'trouble', message })

process.on('warning', (warning) => trouble(`warning: ${warning.name}: ${warning.message}`))
process.on('unhandledRejection', (error) => trouble(`unhandled rejection: ${(error as Error)?.stack ?? String(error)}`))
process.on('uncaughtException', (error) => {
  trouble(`uncaught: ${error.stack}`)
  process.exit(1)
})

/** Threads of workers, as Node.js knows them. */
const threads = new Map<string, Worker>()
/** The first thread that there is; when it dies, the next one that is no worker's takes its place in the same turn. */
let storeThread: Worker | null = null
let drover: Drover | null = null
const fences = new Map<string, number>()
process.on('worker', (worker: Worker) => {
  const { threadId: thread } = worker
  const status = drover?.status().workers.find(({ threadId }) => threadId === thread)
  if (!status) {
    if (storeThread) return
    storeThread = worker
    worker.on('exit', () => {
      storeThread = null
    })
    return
  }
  note({ k: 'spawn', pid, thread, worker: status.id })
  const fence = fences.get(status.id)
  if (fence !== undefined) note({ k: 'fence', worker: status.id, fence })
  threads.set(status.id, worker)
  worker.on('exit', () => {
    note({ k: 'exit', pid, thread })
    if (threads.get(status.id) === worker) threads.delete(status.id)
  })
})

const opened = await openSystem(droverOptions(orders.workers, orders))
/** What the store gave for each worker's next thread. */
const { client } = opened.parts.store
const call = client.call.bind(client)
client.call = (async (op: 'acquire', request: { worker: string; host: string }) => {
  const reply = await call(op, request)
  if (op === 'acquire' && 'fence' in reply) fences.set(request.worker, reply.fence)
  return reply
}) as typeof client.call
const system = new Drover(opened)
drover = system
const broadcast = new BroadcastChannel('soak')
broadcast.unref()

let seq = 0
system.on('worker:state:changed', ({ worker, from, to, reason }) => {
  // Of all, because a system that closes answers for none by itself.
  const { until = null, lastFailure = null } = system.status().workers.find(({ id }) => id === worker) ?? {}
  const failure = to === 'crashed' && lastFailure ? lastFailure : null
  const { kind, uptimeMs, message, tasks } = failure ?? {}
  note({
    k: 'state',
    pid,
    seq: ++seq,
    worker,
    from,
    to,
    reason,
    until,
    failure: failure && ({ kind, uptimeMs, message, tasks } as typeof failure),
  })
})
const counted: Record<string, number> = {}
system.on('lane:counts:changed', ({ lanes }) => {
  for (const { worker, done } of lanes) counted[worker] = done
})

/** Tells which states have reached the store, and what went wrong inside. */
let told = 0
let open = true
async function watch(): Promise<void> {
  let since = 0
  for (; open; await sleep(storedEveryMs)) {
    const upTo = seq
    if (upTo > told) {
      // Answers when all that was recorded is stored.
      await system.history({ limit: 1 })
      note({ k: 'stored', pid, seq: upTo })
      told = upTo
    }
    if (Object.keys(counted).length > 0) note({ k: 'counts', done: { ...counted } })
    for (const worker of Object.keys(counted)) delete counted[worker]
    for (const record of system.logs({ part: 'system', level: 'error', limit: 100 })) {
      if (record.at > since) trouble(`logged: ${record.message} ${JSON.stringify(record.fields)}`)
      since = Math.max(since, record.at)
    }
  }
}

/** Starts that were asked for: a stop that was answered while another one came says nothing. */
let starts = 0
function start(worker?: string): Promise<unknown> {
  starts++
  note({ k: 'started', worker: worker ?? null })
  return worker === undefined ? system.start() : system.start(worker)
}
async function stop(worker?: string): Promise<void> {
  const before = starts
  const outcomes = await (worker === undefined ? system.stop() : system.stop(worker))
  if (starts === before) for (const { worker: id } of outcomes) note({ k: 'stopped', worker: id })
}

/** Whoever is given up gets another chance. */
async function pardon(): Promise<void> {
  for (const { worker } of system.blacklisted()) {
    await system.reset(worker)
    await start(worker)
  }
}

function befall({ worker, how }: Extract<Step, { do: 'fault' }>): void {
  if (how === 'terminate') void threads.get(worker)?.terminate()
  else broadcast.postMessage({ worker, how } satisfies FaultOrder)
}

function limit(limit: number, group: string | null): void {
  system.setConcurrency(limit, group ?? undefined)
  note({ k: 'limit', group, limit })
}

async function quiet(): Promise<void> {
  await stop()
  const { workers, slots } = system.status()
  const by = (pick: 'done' | 'leased') => Object.fromEntries(workers.map(({ id, progress }) => [id, progress?.[pick] ?? 0]))
  note({ k: 'quiet', pid, slots: slots.used, leased: by('leased'), done: by('done'), reading: await settledReading() })
}

async function snapshot(file: string): Promise<void> {
  const still = system.status().slots.used === 0 && system.status().slots.queued === 0
  const dead = await collect(system.deadTasks())
  const results = await collect(system.results<{ pid: number; thread: number }>())
  const done = still ? Object.fromEntries(system.status().workers.map(({ id, progress }) => [id, progress?.done ?? 0])) : null
  writeFileSync(file, JSON.stringify({ results, dead, done } satisfies Snapshot))
}

/** Lets everything be done: whoever is given up is reset, whoever is paused goes on, until no lane has anything left. */
async function finish(): Promise<void> {
  limit(concurrency, null)
  for (const [group, most] of Object.entries(groups)) limit(most, group)
  // At once, not only when all others are done. One on parole comes back by itself.
  system.on('worker:state:changed', ({ to }) => to === 'blacklisted' && setImmediate(() => void pardon()))
  for (;;) {
    await system.resume()
    await pardon()
    await start()
    await system.done()
    const left = system.status().workers.filter(({ progress }) => progress && progress.done + progress.dead < progress.total)
    if (left.length === 0) break
  }
  await quiet()
}

/** In the middle of whatever goes on. */
async function close(): Promise<void> {
  open = false
  const began = performance.now()
  await system.close()
  note({ k: 'closed', ms: Math.round(performance.now() - began) })
}

async function carryOut(step: HostStep): Promise<unknown> {
  switch (step.do) {
    case 'fault':
      return befall(step)
    case 'blacklist': {
      const [outcome] = await system.blacklist(step.worker, 'given up by the soak')
      if (outcome?.ok) note({ k: 'blacklisted', worker: step.worker })
      return
    }
    case 'pause':
    case 'resume':
      return system[step.do](step.worker)
    case 'stop':
      return stop(step.worker)
    case 'restart':
      starts++
      note({ k: 'started', worker: step.worker })
      return system.restart(step.worker)
    case 'start':
      return start()
    case 'reset':
      return pardon()
    case 'concurrency':
      return limit(step.limit, step.group)
    case 'load': {
      const { dataset, from, to } = step
      const items = Array.from({ length: to - from }, (_, index) => item(from + index))
      await system.load(dataset, items)
      return note({ k: 'loaded', dataset, from, to })
    }
    case 'kill store':
      if (step.how === 'terminate' && storeThread) return void storeThread.terminate()
      return opened.parts.store.die(9, step.how === 'after commit' ? 'commit' : undefined)
    case 'quiet':
      return quiet()
    case 'snapshot':
      return snapshot(step.file)
    case 'finish':
      return finish()
    case 'close host':
      return close()
    case 'kill host':
    case 'look':
      throw new Error(`not for the host: ${step.do}`)
    default:
      return step satisfies never
  }
}

process.on('message', ({ n, step }: { n: number; step: HostStep }) => {
  carryOut(step)
    .then(() => say({ at: 'answered', n }))
    .catch((error: unknown) => {
      // What was asked for when the system began to close.
      if (!open && DroverError.is(error) && error.code === 'CLOSED') say({ at: 'answered', n })
      else trouble(`${step.do} failed: ${(error as Error).stack}`)
    })
    .then(() => {
      if (step.do !== 'close host') return
      broadcast.close()
      process.disconnect?.()
    })
})

note({
  k: 'host',
  pid,
  workers: system.status().workers.map(({ id, state, progress }) => ({ worker: id, state, done: progress?.done ?? 0 })),
})
void watch().catch((error: unknown) => open && trouble(`watching failed: ${(error as Error).stack}`))
await system.start()
say({ at: 'open' })
await once(process, 'disconnect')
