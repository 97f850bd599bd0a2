/** One round: everything that can be asked of a system, with thousands of workers of which a few have a thread. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { serveStatus } from '../../src/http.js'
import { createDrover, type DroverOptions, type WorkerOptions } from '../../src/index.js'
import { answer } from '../support/child.js'
import { type Phase, Turns } from './turns.js'

export interface Round {
  folder: string
  workers: number
  /** Whether all of them stand under one supervisor, which has half of them and many supervisors of ten. */
  supervised: boolean
  /** Instead: so many real threads are started at once. */
  threads: number
  /** Whether to say what ran in the longest turns. */
  profiles: boolean
}

/** A thread with the clients of the status server. */
class Clients {
  readonly #thread = new Worker(new URL('./clients.js', import.meta.url))

  get = (url: string): Promise<void> => this.#order({ get: url })
  join = (url: string): Promise<void> => this.#order({ join: url.replace('http', 'ws') })
  leave = (): Promise<void> => this.#order({ leave: true })
  end = (): Promise<number> => this.#thread.terminate()

  /** One at a time. */
  async #order(order: object): Promise<void> {
    this.#thread.postMessage(order)
    const [error] = (await once(this.#thread, 'message')) as [string | null]
    if (error) throw new Error(error)
  }
}

await answer(async ({ folder, workers, supervised, profiles, threads }: Round): Promise<Phase[]> => {
  const turns = new Turns({ profiles })
  const module = new URL('../memory/idle.worker.js', import.meta.url)
  const all = Array.from(
    { length: workers },
    (_, n): WorkerOptions => ({ id: `annotator-${n}/${n % 2 ? 'odd' : 'even'}`, module, dataset: 'items', quota: 'key' }),
  )
  const half = Math.floor(workers / 2)
  const tens = Array.from({ length: half / 10 }, (_, n) => ({
    id: `ten-${n}`,
    strategy: 'rest-for-one' as const,
    children: all.slice(half + n * 10, half + (n + 1) * 10),
  }))
  const options: DroverOptions = {
    store: join(folder, 'drover.db'),
    durability: 'process',
    concurrency: 4,
    drainMs: 100,
    quotas: { key: { requests: { limit: 1_000_000, per: 'minute' } } },
    log: { console: false },
    workers: supervised ? [{ id: 'all', children: [...all.slice(0, half), ...tens] }] : all,
  }

  /** Starts so many real threads, and waits until all run. */
  const startThreads = async (count: number, isolation: 'thread' | 'process'): Promise<void> => {
    const workers = all.slice(0, count).map((own): WorkerOptions => ({ ...own, isolation }))
    const drover = await createDrover({ ...options, store: join(folder, `${isolation}-${count}.db`), concurrency: count, workers })
    await drover.load('items', [{ a: 1 }], { key: () => 'one' })
    const up = (): boolean => drover.status().states.running === count
    await turns.during(`start of ${count}, isolation ${isolation}`, async () => {
      await drover.start()
      while (!up()) await new Promise<void>((resolve) => drover.once('worker:state:changed', () => resolve()))
    })
    await turns.during(`close with ${count}, isolation ${isolation}`, () => drover.close({ drainMs: 0 }))
  }

  await turns.during('(nothing)', () => sleep(300))
  if (threads > 0) {
    await startThreads(threads, 'thread')
    return turns.phases
  }
  await turns.during('(bare: one new Worker)', async () => {
    for (let n = 0; n < 4; n++) {
      const bare = new Worker('setInterval(() => {}, 1000)', { eval: true })
      await new Promise((resolve) => bare.once('online', resolve))
      await bare.terminate()
    }
  })
  await turns.during('(bare: JSON of so many objects)', () =>
    JSON.stringify(
      Array.from({ length: workers }, (_, n) => ({ id: `annotator-${n}/x`, state: 'idle', reason: 'declared', n, at: n, a: null })),
    ),
  )

  let drover = await turns.during('createDrover', () => createDrover(options))
  await turns.during('start, all', () => drover.start())
  await turns.during('load', () => drover.load('items', [{ a: 1 }, { a: 2 }], { key: (item) => String(item.a) }), 1_500)
  await turns.during('status', () => void drover.status())
  await turns.during('tree', () => void drover.tree())
  await turns.during('start, a domain', () => drover.start({ domain: 'odd' }))
  await turns.during('pause, all', () => drover.pause())
  await turns.during('resume, all', () => drover.resume())
  await turns.during('update', () => drover.update('annotator-1/odd', { delayMs: 500 }))
  await turns.during('add, remove', async () => {
    await drover.add({ id: 'one/more', module, dataset: 'items' })
    await drover.remove('one/more')
  })
  await turns.during('setConcurrency', () => drover.setConcurrency(6), 1_000)
  await turns.during('setTarget, all', () => drover.setTarget({}, 2))
  await turns.during('done begins to wait', async () => void drover.done().catch(() => {}), 1_500)

  const server = await turns.during('serveStatus', () => serveStatus(drover, { port: 0 }))
  const clients = new Clients()
  const get = (path: string): Promise<void> => clients.get(`${server.url}${path}`)
  // Its thread has begun.
  await get('/livez')
  const base = '/api/v1'
  for (const path of ['/overview', '/tree', '/workers?limit=1000', '/quotas', '/beats'])
    await turns.during(`GET ${path}`, () => get(`${base}${path}`))
  for (const path of ['overview', 'workers', 'health'])
    await turns.during(`GET /api/monitoring/${path} of old`, () => get(`/api/monitoring/${path}`))
  const joinAs = (query: string): Promise<void> => clients.join(`${server.url}/api/ws?${query}`)
  await turns.during('a client joins', () => joinAs('protocol=2&topics=overview,workers,tree,quotas,beats,events,logs'), 2_000)
  await turns.during('a client of protocol 1 joins', () => joinAs('protocol=1'), 2_000)
  await turns.during('pause, all, while clients look', () => drover.pause(), 2_000)
  await turns.during('resume, all, while clients look', () => drover.resume(), 2_000)
  await turns.during('stop, all, while clients look', () => drover.stop(), 2_000)
  await turns.during('reset, all, while clients look', () => drover.reset(), 2_000)
  await turns.during('start, all, while clients look', () => drover.start(), 3_000)
  await clients.leave()
  await turns.during('server closes', () => server.close())
  await clients.end()
  await turns.during('blacklist, 1,000', () =>
    drover.blacklist(
      all.slice(0, 1_000).map(({ id }) => id),
      'enough',
    ),
  )
  await turns.during('stop, all', () => drover.stop())
  await turns.during('reset, all', () => drover.reset())
  await turns.during('restart, all', () => drover.restart(), 1_000)
  await turns.during('close', () => drover.close())
  drover = await turns.during('createDrover again', () => createDrover(options))
  await turns.during('start, all, again', () => drover.start(), 1_000)
  await turns.during('close again', () => drover.close())

  await turns.during('(bare: one fork)', async () => {
    const bare = fork(new URL('./turns.js', import.meta.url), { stdio: 'ignore' })
    await once(bare, 'exit')
  })
  for (const isolation of ['thread', 'process'] as const) await startThreads(30, isolation)
  return turns.phases
})
