/**
 * Real threads on a machine that has ten times as much to do as it can: no healthy one may be killed, and one that hangs must still be
 * found. The load is other processes, ended by pid; each ends by itself if nobody does.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { createDrover, type HeartbeatOptions } from '../../src/index.js'
import type { LabourTask } from '../fixtures/labouring.worker.js'

const module = new URL('../fixtures/labouring.worker.js', import.meta.url)

export interface LoadPlan {
  folder: string
  forMs: number
  heartbeat: HeartbeatOptions
  /** Of those that hang. @defaultValue as for the others */
  hangTimeoutMs?: number
  /** Busy processes for each core. */
  oversubscribed: number
  workers: number
  /** CPU time for which a task holds its loop, in ms. @defaultValue between 100 and 500 */
  taskMs?: { shortest: number; longest: number }
  /** Whether two more workers hang, one in JavaScript and one asleep in a call. */
  withHangs: boolean
  /** 0 to 1, repeatable. */
  random: () => number
}

export interface LoadSeen {
  tasks: number
  /** Kinds of failures of healthy workers. */
  kills: string[]
  /** The longest time without a beat that the monitor counted, in ms. */
  longestSilenceMs: number
  /** By how much the main thread's own timers were late, in ms. */
  lateMedianMs: number
  lateWorstMs: number
  /** How long those that hang did so before they were found, in ms. */
  hangFoundMs: { spins?: number; sleeps?: number }
}

/**
 * This process, with all its threads and what it starts, keeps to one core from now on, where Linux lets it: the load is as heavy then at half
 * the cost, and another core is left for whatever else the machine does.
 */
export function keepToOneCore(): void {
  try {
    const core = /^Cpus_allowed_list:.*?(\d+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
    if (core) execFileSync('taskset', ['--all-tasks', '--cpu-list', '--pid', core, String(process.pid)], { stdio: 'ignore' })
  } catch {
    // The load is for all cores then.
  }
}

/** Processes that are told to begin by a line: starting them takes long once some of them are busy. */
function startLoad(processes: number, forMs: number): ChildProcess[] {
  const busy = `for (const until = performance.now() + ${forMs + 120_000}; performance.now() < until; ) Math.sqrt(2)`
  const script = `process.stdin.once('data', () => { ${busy}; process.exit() }).once('end', () => process.exit())`
  return Array.from({ length: processes }, () => spawn(process.execPath, ['-e', script], { stdio: ['pipe', 'ignore', 'ignore'] }))
}

async function endLoad(load: ChildProcess[]): Promise<void> {
  for (const child of load) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }
}

/** Workers that hang with their second task. */
const hangs = ['spins', 'sleeps'] as const

export async function runUnderLoad(plan: LoadPlan): Promise<LoadSeen> {
  const { folder, forMs, heartbeat, hangTimeoutMs, oversubscribed, workers, withHangs, random } = plan
  const { shortest, longest } = plan.taskMs ?? { shortest: 100, longest: 500 }
  const seen: LoadSeen = { tasks: 0, kills: [], longestSilenceMs: 0, lateMedianMs: 0, lateWorstMs: 0, hangFoundMs: {} }
  const labourers = Array.from({ length: workers }, (_, n) => ({ id: `labourer-${n}/x`, module, dataset: 'labour', heartbeat }))
  const hanging = hangs
    .filter(() => withHangs)
    .map((how) => ({
      id: `hanging/${how}`,
      module,
      dataset: how,
      heartbeat: { ...heartbeat, ...(hangTimeoutMs !== undefined && { timeoutMs: hangTimeoutMs }) },
    }))
  const drover = await createDrover({
    store: join(folder, 'load.db'),
    log: { console: false, dir: false },
    concurrency: workers + hanging.length,
    workers: [...labourers, ...hanging],
    restart: { maxRestarts: 0 },
  })
  const found = new Deferred()
  const stampOf = (how: string): string => join(folder, `${how} since`)
  drover.on('worker:state:changed', ({ worker, to }) => {
    const how = hangs.find((how) => worker === `hanging/${how}`)
    if (!how || to !== 'stuck') return
    seen.hangFoundMs[how] = Date.now() - Number(readFileSync(stampOf(how), 'utf8'))
    if (Object.keys(seen.hangFoundMs).length === hanging.length) found.resolve()
  })
  drover.on('worker:failure:recorded', ({ worker, failure }) => {
    if (!worker.startsWith('hanging/')) seen.kills.push(`${worker} ${failure.kind}: ${failure.message}`)
  })
  const load = startLoad(Math.round(availableParallelism() * oversubscribed), forMs)
  try {
    const task = (n: number): LabourTask => ({ id: `task-${n}`, cpuMs: shortest + random() * (longest - shortest) })
    for (const { dataset } of hanging)
      await drover.load(dataset, [{ id: 'ready' }, { id: 'hanging', hang: dataset, stamp: stampOf(dataset) }])
    await drover.load(
      'labour',
      Array.from({ length: Math.ceil((forMs / shortest) * 4) }, (_, n) => task(n)),
    )
    await drover.start()
    // Starting is slow under such load, and not what this is about.
    while (drover.status().workers.some(({ state }) => state !== 'running')) await sleep(20)
    for (const { stdin } of load) stdin?.write('begin\n')
    const late = monitorEventLoopDelay({ resolution: 20 })
    late.enable()
    for (const until = performance.now() + forMs; performance.now() < until; await sleep(50)) {
      for (const { id } of labourers) {
        seen.longestSilenceMs = Math.max(seen.longestSilenceMs, drover.worker(id).status().beatAgeMs ?? 0)
      }
    }
    if (withHangs) await Promise.race([found.promise, sleep(forMs + 60_000, undefined, { ref: false })])
    late.disable()
    seen.lateMedianMs = Math.round(late.percentile(50) / 1e6) - 20
    seen.lateWorstMs = Math.round(late.max / 1e6) - 20
    seen.longestSilenceMs = Math.round(seen.longestSilenceMs)
    seen.tasks = drover.status().workers.reduce((sum, { progress }) => sum + (progress?.done ?? 0), 0)
  } finally {
    await endLoad(load)
    await drover.close({ drainMs: 0 })
  }
  return seen
}

class Deferred {
  resolve!: () => void
  readonly promise = new Promise<void>((resolve) => {
    this.resolve = resolve
  })
}
