/** Systems for tests: each with a folder of its own, quick limits, and closed at the end of its test. */
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { OpenSystem } from '../../src/actors/system/contract.js'
import { openSystem } from '../../src/actors/system/open.js'
import { Drover } from '../../src/drover/drover.js'
import type { DroverEvents, DroverOptions, EventName, RunReport, WorkerOptions } from '../../src/index.js'
import { hangMs } from './hang.js'
import { temporaryPlace } from './temporary-place.js'

export const puppet = new URL('../fixtures/puppet.worker.js', import.meta.url)

/** A temporary folder that `cleanUp` removes. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(temporaryPlace(), 'drover-'))
  folders.push(folder)
  return folder
}

const folders: string[] = []
const systems: Drover[] = []

/** To be run after each test. */
export async function cleanUp(): Promise<void> {
  await Promise.all(systems.splice(0).map((system) => system.close({ drainMs: 100 })))
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
}

/** Beats and timeouts a test can wait for. */
export const quick = { everyMs: 25, timeoutMs: 1_000, progressTimeoutMs: 1_500, startTimeoutMs: hangMs }

/** Where a worker may run: most of what is promised holds for both. */
export const isolations = ['thread', 'process'] as const

/** A worker on the puppet module. */
export function worker(id: string, more: Partial<WorkerOptions> = {}): WorkerOptions {
  return { id, module: puppet, dataset: 'data', ...more }
}

export async function open(options: TestOptions): Promise<Drover> {
  const { system } = await openWithParts(options)
  return system
}

type TestOptions = Partial<DroverOptions> & Pick<DroverOptions, 'workers'>

/** The system together with its insides, for tests that break them. */
export async function openWithParts(options: TestOptions): Promise<{ system: Drover; parts: OpenSystem['parts']; opened: OpenSystem }> {
  const opened = await openSystem({
    store: join(temporaryFolder(), 'test.db'),
    heartbeat: quick,
    restart: { backoff: { initialMs: 20, factor: 2, maxMs: 100 } },
    tasks: { backoff: { initialMs: 5, maxMs: 20 } },
    log: { console: false, dir: false },
    drainMs: 2_000,
    idleMs: 0,
    ...options,
  })
  const system = new Drover(opened)
  systems.push(system)
  return { system, parts: opened.parts, opened }
}

/** A promise of the first event that satisfies `condition`; rejects with what it waited for when it takes too long. */
export function event<Name extends EventName>(
  system: Drover,
  name: Name,
  condition: (payload: DroverEvents[Name]) => boolean = () => true,
  withinMs = hangMs,
): Promise<DroverEvents[Name]> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      system.off(name, listener)
      reject(new Error(`no ${name} with ${condition} within ${withinMs} ms; now: ${workersOf(system)}`))
    }, withinMs)
    const listener = (payload: DroverEvents[Name]): void => {
      if (!condition(payload)) return
      clearTimeout(timer)
      system.off(name, listener)
      resolve(payload)
    }
    system.on(name, listener)
  })
}

function workersOf(system: Drover): string {
  const { state, workers } = system.status()
  return `${state}, ${workers.map(({ id, state: its, reason }) => `${id} ${its} (${reason})`).join(', ')}`
}

/** Waits until a worker is in a state. */
export async function state(system: Drover, id: string, wanted: string): Promise<void> {
  if (system.worker(id).status().state === wanted) return
  await event(system, 'worker:state:changed', ({ worker, to }) => worker === id && to === wanted)
}

/** Waits until a condition holds that no event tells of. */
export async function until(condition: () => boolean, what: string, withinMs = hangMs): Promise<void> {
  for (const deadline = performance.now() + withinMs; !condition(); await sleep(5)) {
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`)
  }
}

/** Items `n` of them, each made by `make`. */
export function items(n: number, make: (i: number) => object = () => ({})): { id: string }[] {
  return Array.from({ length: n }, (_, i) => ({ id: `item-${i}`, ...make(i) }))
}

/** The report of a run of which nothing else is worth telling. */
export function reportWith(more: Partial<RunReport>): RunReport {
  const lists = { completed: [], stopped: [], blacklisted: [], held: [], paused: [], parked: [], incomplete: [], unused: [], errors: [] }
  return { ok: true, interrupted: false, results: 0, dead: 0, ...lists, ...more }
}

export async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const one of source) all.push(one)
  return all
}
