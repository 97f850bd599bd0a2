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
  /** Whether all of them stand under supervisors: one that has half of them, and many that have ten each. */
  supervised: boolean
  /** Whether to say what ran in the longest turns. */
  profiles: boolean
}

await answer(async ({ folder, workers, supervised, profiles }: Round): Promise<Phase[]> => {
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
    workers: supervised ? [{ id: 'half', children: all.slice(0, half) }, ...tens] : all,
  }

  await turns.during('(nothing)', () => sleep(300))
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
  const get = async (path: string): Promise<void> => {
    const answered = await fetch(`${server.url}${path}`)
    await answered.arrayBuffer()
    if (!answered.ok) throw new Error(`${path}: ${answered.status}`)
  }
  const base = '/api/v1'
  for (const path of ['/overview', '/tree', '/workers?limit=1000', '/quotas', '/beats'])
    await turns.during(`GET ${path}`, () => get(`${base}${path}`))
  await turns.during('GET /api/status of old', () => get('/api/status').catch(() => {}))
  const { WebSocket } = await import('ws')
  const connect = (query: string): Promise<InstanceType<typeof WebSocket>> =>
    new Promise((resolve, reject) => {
      const socket = new WebSocket(`${server.url.replace('http', 'ws')}/api/ws?${query}`)
      socket.on('message', (data) => String(data).includes('state"') && resolve(socket))
      socket.on('error', reject)
    })
  const socket = await turns.during(
    'a client joins',
    () => connect('protocol=2&topics=overview,workers,tree,quotas,beats,events,logs'),
    2_000,
  )
  const old = await turns.during('a client of protocol 1 joins', () => connect('protocol=1'), 2_000)
  await turns.during('pause, all, while clients look', () => drover.pause(), 2_000)
  await turns.during('resume, all, while clients look', () => drover.resume(), 2_000)
  await turns.during('stop, all, while clients look', () => drover.stop(), 2_000)
  await turns.during('reset, all, while clients look', () => drover.reset(), 2_000)
  await turns.during('start, all, while clients look', () => drover.start(), 3_000)
  socket.terminate()
  old.terminate()
  await turns.during('server closes', () => server.close())
  await turns.during('blacklist, 1,000', () =>
    drover.blacklist(
      all.slice(0, 1_000).map(({ id }) => id),
      'enough',
    ),
  )
  await turns.during('stop, all', () => drover.stop())
  await turns.during('restart, all', () => drover.restart(), 1_000)
  await turns.during('close', () => drover.close())
  drover = await turns.during('createDrover again', () => createDrover(options))
  await turns.during('start, all, again', () => drover.start(), 1_000)
  await turns.during('close again', () => drover.close())

  await turns.during('(bare: one fork)', async () => {
    const bare = fork(new URL('./turns.js', import.meta.url), { stdio: 'ignore' })
    await once(bare, 'exit')
  })
  for (const isolation of ['thread', 'process'] as const) {
    const workers = all.slice(0, 30).map((own): WorkerOptions => ({ ...own, isolation }))
    const thirty = await createDrover({ ...options, store: join(folder, `${isolation}.db`), concurrency: 30, workers })
    await thirty.load('items', [{ a: 1 }], { key: () => 'one' })
    const up = (): boolean => thirty.status().states.running === 30
    await turns.during(`start of 30, isolation ${isolation}`, async () => {
      await thirty.start()
      while (!up()) await new Promise<void>((resolve) => thirty.once('worker:state:changed', () => resolve()))
    })
    await thirty.close({ drainMs: 0 })
  }
  return turns.phases
})
