/**
 * A process that makes random control calls on a system, at any moment and beside each other, while its store is locked and its disk is
 * full now and then, and closes in the middle of it. Told what by one JSON argument; says what was wrong by lines, and ends by itself.
 */
import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import Database from 'better-sqlite3'
import { createDrover, DroverError, supervisor } from '../../src/index.js'
import { seededRandom } from '../../src/testing/seeded-random.js'
import { items, quick, worker } from './system.js'

export interface RandomControlOrders {
  seed: number
  folder: string
  steps: number
  /** The folder is on a disk of its own that is small enough to be filled. */
  fillable: boolean
}

/** A call is answered within so long, and a close ends: else it hangs. */
const answerMs = 120_000
const drainMs = 500
/** Beyond the drain and the kill: the store may be locked, and the machine has other things to do. */
const closeMs = 30_000

const { seed, folder, steps, fillable } = JSON.parse(process.argv[2] as string) as RandomControlOrders
const random = seededRandom(seed)
const below = (n: number): number => Math.floor(random() * n)
const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T
const trail: string[] = []
const say = (line: string): void => console.log(line)
const wrong = (what: string): void => {
  say(`WRONG ${what}; before: ${trail.slice(-12).join(', ')}`)
  process.exitCode = 1
}
process.on('unhandledRejection', (error) => wrong(`unhandled rejection: ${(error as Error)?.stack}`))
process.on('uncaughtException', (error) => wrong(`uncaught: ${error.stack}`))
process.on('warning', (warning) => wrong(`warning: ${warning.message}`))

const store = join(folder, 'control.db')
const options = { heartbeat: quick, drainMs, restart: { backoff: { initialMs: 20, maxMs: 100 }, maxRestarts: 20 } }
const group = (id: string, strategy: 'one-for-one' | 'one-for-all' | 'rest-for-one') =>
  supervisor({
    id,
    strategy,
    intensity: { restarts: 3, withinMs: 1_000 },
    children: [worker(`${id}1`), worker(`${id}2`, { dataset: 'other' }), worker(`${id}3`, { quota: 'key' })],
  })
const drover = await createDrover({
  store,
  ...options,
  concurrency: 5,
  onEscalation: 'keep',
  log: { console: false, dir: false },
  tasks: { maxAttempts: 3, backoff: { initialMs: 5, maxMs: 20 } },
  quotas: { key: { budget: { requests: 30 } } },
  workers: [
    worker('a'),
    worker('b', { dataset: 'other', quota: 'key' }),
    worker('c', { quota: 'key' }),
    group('s', 'one-for-all'),
    group('t', 'rest-for-one'),
  ],
})
let loaded = 0
const batch = () =>
  items(10, () => pick([{}, {}, { do: 'sleep', ms: 20 + below(200) }, { do: 'throw', times: 1 }, { do: 'crash', times: 1 }])).map(
    (item) => ({
      ...item,
      id: `${loaded++}`,
    }),
  )

/** When each worker was stopped by hand, unless it was started since. Times as in events. */
const stopped = new Map<string, number>()
const ids = (): string[] => drover.status().workers.map(({ id }) => id)
const now = (): number => performance.timeOrigin + performance.now()
const idsOf = (name: string): string[] => ids().filter((id) => id === name || (['s', 't'].includes(name) && id.startsWith(name)))
drover.on('worker:state:changed', ({ worker: id, to, at }) => {
  const since = stopped.get(id)
  if (since !== undefined && at > since && ['queued', 'starting', 'backoff', 'parked'].includes(to)) {
    wrong(`${id} was stopped ${Math.round(at - since)} ms ago and not started since, and is ${to}`)
  }
})

const pending = new Map<number, string>()
const calls: Promise<void>[] = []
function ask(what: string, call: () => unknown): void {
  const n = calls.length
  trail.push(what)
  pending.set(n, what)
  const answer = (async () => call())().then(
    () => {},
    (error: unknown) => {
      if (!DroverError.is(error)) wrong(`${what} rejected with ${(error as Error)?.stack ?? error}`)
    },
  )
  calls.push(answer.finally(() => pending.delete(n)))
}

/** Another process's long transaction, as far as the store can tell. */
async function lock(ms: number): Promise<void> {
  const other = new Database(store)
  try {
    other.pragma('busy_timeout = 5000')
    other.exec('BEGIN IMMEDIATE')
    await sleep(ms)
    other.exec('ROLLBACK')
  } finally {
    other.close()
  }
}

let full = false
async function fill(ms: number): Promise<void> {
  full = true
  const file = join(folder, 'filler')
  const fd = openSync(file, 'a')
  const block = Buffer.alloc(65_536)
  try {
    for (;;) writeSync(fd, block)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
  }
  closeSync(fd)
  await sleep(ms)
  rmSync(file)
  full = false
}

/** What was used of the budget; null: the store did not say. */
async function used(): Promise<number | null> {
  const status = await drover
    .quota('key')
    .status()
    .catch(() => null)
  return status?.windows.find(({ per }) => per === 'ever')?.used ?? null
}
/** The most that may be used until the next change; null: not known, or no limit. */
let most: number | null = 30
let budgeting: Promise<void> = Promise.resolve()
/** One after another, so that it is known which budget held when. */
function setBudget(requests: number | null): void {
  const changed = budgeting.then(async () => {
    const before = await used()
    if (most !== null && before !== null && before > most) wrong(`${before} requests were used of a budget of ${most}`)
    // Without an answer it may hold or not.
    most = null
    await drover.quota('key').set(requests === null ? { requests: { limit: 1_000_000, per: 'minute' } } : { budget: { requests } })
    const after = await used()
    if (requests !== null && after !== null) most = Math.max(after, requests)
  })
  budgeting = changed.catch(() => {})
  ask(`budget ${requests ?? 'lifted'}`, () => changed)
}
/** Paused by hand at some time: those may stay paused. */
const pausedByHand = new Set<string>()
/** Workers that wait for a person to raise it. */
const spentOn = (): string[] =>
  drover
    .status()
    .workers.filter(({ id, state, reason }) => state === 'paused' && reason.includes('of quota key is spent') && !pausedByHand.has(id))
    .map(({ id }) => id)

let added = 0
let trouble: Promise<void> = Promise.resolve()
const disturb = (what: string, how: () => Promise<void>): void => {
  trail.push(what)
  trouble = trouble.then(how).catch((error: Error) => say(`could not ${what}: ${error.message}`))
}
const deeds: [number, () => void][] = [
  [6, () => start(pick([undefined, ...ids(), 's', 't']))],
  [6, () => stop(pick([...ids(), 's', 't']))],
  [3, () => simple('pause')],
  [3, () => simple('resume')],
  [4, () => restart(pick([...ids(), 's', 't']))],
  [3, () => simple('reset')],
  [2, () => blacklist(pick(ids()))],
  [3, () => add(pick([undefined, 's', 't']))],
  [2, () => remove(pick([...ids(), 's', 't']))],
  [4, () => update(pick(ids()))],
  [3, () => ask('setConcurrency', () => drover.setConcurrency(1 + below(6)))],
  [5, () => ask('load', () => drover.load(pick(['data', 'other']), batch()))],
  [3, () => setBudget(pick([null, 1 + below(20), 40 + below(200)]))],
  [2, () => disturb('lock', () => lock(100 + below(1_500)))],
  [fillable ? 2 : 0, () => disturb('fill', () => fill(100 + below(1_500)))],
]
function start(name: string | undefined): void {
  for (const id of name === undefined ? ids() : idsOf(name)) stopped.delete(id)
  ask(`start ${name ?? 'all'}`, () => (name === undefined ? drover.start() : drover.start(name)))
}
function stop(name: string): void {
  const concerned = idsOf(name)
  ask(`stop ${name}`, () => drover.stop(name))
  for (const id of concerned) stopped.set(id, now())
}
/** Its start comes when the stop has ended. */
function restart(name: string): void {
  for (const id of idsOf(name)) stopped.delete(id)
  const concerned = idsOf(name)
  ask(`restart ${name}`, async () => {
    await drover.stop(name)
    for (const id of concerned) stopped.delete(id)
    await drover.start(name)
  })
}
function simple(how: 'pause' | 'resume' | 'reset'): void {
  const name = pick(ids())
  if (how === 'pause') pausedByHand.add(name)
  ask(`${how} ${name}`, () => drover[how](name))
}
function blacklist(id: string): void {
  ask(`blacklist ${id}`, () => drover.blacklist(id, 'by the test'))
}
function add(under: string | undefined): void {
  const id = `${under ?? ''}n${added++}`
  ask(`add ${id}`, () => drover.add(worker(id), { persist: below(2) === 0, ...(under !== undefined && { under }) }))
}
function remove(name: string): void {
  for (const id of idsOf(name)) stopped.delete(id)
  ask(`remove ${name}`, () => drover.remove(name))
}
function update(id: string): void {
  ask(`update ${id}`, () => drover.update(id, pick([{ delayMs: 100 }, { delayMs: 0 }, { priority: below(5) }])))
}

const weights = deeds.reduce((sum, [weight]) => sum + weight, 0)
ask('load', () => drover.load('data', batch()))
ask('load', () => drover.load('other', batch()))
start(undefined)
for (let n = 0; n < steps; n++) {
  await sleep(below(80))
  let left = below(weights)
  const deed = deeds.find(([weight]) => {
    left -= weight
    return left < 0
  })
  if (ids().length > 0) deed?.[1]()
}
const late = setTimeout(() => {
  wrong(`hangs: ${[...pending.values()].join(', ')}; ${JSON.stringify(drover.status().states)}`)
  process.exit(1)
}, answerMs)
// Half of the time all that was asked is answered first, and what was stopped is at rest.
if (below(2) === 0) {
  await trouble
  await Promise.all([...calls])
  trail.push('budget lifted')
  await budgeting
  await drover.quota('key').set({ requests: { limit: 1_000_000, per: 'minute' } })
  // If they do not go on, this hangs, which is told.
  pending.set(-1, `${spentOn()} wait although the budget was lifted`)
  while (spentOn().length > 0) await sleep(20)
  pending.delete(-1)
  for (const id of stopped.keys()) {
    const state = drover.status().workers.find((each) => each.id === id)?.state
    if (state && !['idle', 'stopped', 'completed', 'blacklisted'].includes(state))
      wrong(`${id} was stopped and not started since, and is ${state}`)
  }
}
trail.push('close')
const began = performance.now()
await drover.close()
const took = performance.now() - began
// Then nothing can be given back: the next host takes it.
if (full) say('closed on a full disk')
if (took > closeMs) wrong(`close took ${Math.round(took)} ms`)
await Promise.all([trouble, ...calls])
clearTimeout(late)
const states = Object.entries(drover.status().states).map(([state, count]) => `${count} ${state}`)
say(`${calls.length} calls, close took ${Math.round(took)} ms, then ${states.join(', ')}`)
