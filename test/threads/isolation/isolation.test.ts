import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { seededRandom } from '../../../src/testing/seeded-random.js'
import { hangMs } from '../../support/hang.js'
import { hostOrders, kill, killRounds, said, startHost } from '../../support/kill-rounds.js'
import { cleanUp, collect, event, isolations, items, open, quick, state, temporaryFolder, until, worker } from '../../support/system.js'

test.after.each(cleanUp)

const isLinux = process.platform === 'linux'
const isolation = 'process'

/** Open files of this process. */
const openFiles = (): number => readdirSync('/proc/self/fd').length

test('a process labels a dataset as a thread does, and its status says where it runs', async () => {
  const system = await open({ workers: [worker('a/x', { isolation, concurrency: 4 }), worker('b/x', { concurrency: 4 })] })
  await system.load('data', items(500))
  const places = new Map<string, { pid: number | null; threadId: number | null }>()
  system.on('worker:state:changed', ({ worker, to }) => {
    if (to === 'running') places.set(worker, system.worker(worker).status())
  })
  await system.start()
  assert.is((await system.done()).results, 1_000)
  const [own, shared] = await Promise.all(
    ['a/x', 'b/x'].map(async (id) =>
      (await collect(system.results({ worker: id }))).map(({ key, value, attempt }) => ({ key, value, attempt })),
    ),
  )
  assert.equal(own, shared)
  assert.is(places.get('a/x')?.threadId, null)
  assert.ok(places.get('a/x')?.pid !== process.pid)
  assert.is(places.get('b/x')?.pid, process.pid)
  assert.type(places.get('b/x')?.threadId, 'number')
  assert.is(system.worker('a/x').status().pid, null)
})

test('the host knows the heap, the profile and the load of a worker in a process', async () => {
  const system = await open({ workers: [worker('a/x', { isolation })] })
  await system.load('data', [
    ...Array.from({ length: 20 }, (_, i) => ({ id: `${i}`, do: 'be busy', ms: 50 })),
    { id: 'last', do: 'spin', times: 1 },
  ])
  await system.start()
  await state(system, 'a/x', 'running')
  const { nodes } = await system.profile('a/x', { ms: 200 })
  assert.ok(nodes.some(({ callFrame }) => callFrame.functionName === 'beBusy'))
  await until(() => (system.worker('a/x').status().heapUsed ?? 0) > 1e6, 'its heap is known')
  const { failure } = await event(system, 'worker:failure:recorded')
  assert.is(failure.kind, 'heartbeat-lost')
  assert.ok((failure.evidence?.eventLoopUtilization ?? 0) > 0.1)
  assert.is((await system.done()).results, 21)
})

test('the last words of a process reach a host that did not listen while it died, and so does what it had in hand', async () => {
  const system = await open({ workers: [worker('a/x', { isolation })] })
  await system.load(
    'data',
    items(3, (i) => (i === 1 ? { do: 'flood', times: 1 } : {})),
  )
  await system.start()
  const failed = event(system, 'worker:failure:recorded')
  await state(system, 'a/x', 'running')
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500)
  const { failure } = await failed
  assert.equal([failure.kind, failure.message, failure.tasks], ['uncaught-error', 'after a flood', ['item-1']])
  assert.is((await system.done()).results, 3)
})

for (const isolation of isolations) {
  test(`the output of a worker in a ${isolation} appears in its host's output`, async () => {
    const printed: string[] = []
    const write = process.stdout.write
    process.stdout.write = ((chunk: string | Buffer, ...rest: never[]) => {
      printed.push(String(chunk))
      return write.call(process.stdout, chunk, ...rest)
    }) as typeof write
    try {
      const system = await open({ workers: [worker('a/x', { isolation })] })
      await system.load(
        'data',
        items(1, () => ({ do: 'print' })),
      )
      await system.start()
      await system.done()
      await system.close()
      await until(() => printed.join('').includes('printed by a/x'), 'it is printed')
    } finally {
      process.stdout.write = write
    }
  })
}

if (isLinux) {
  test('a secret in the input stands neither in the arguments nor in the environment of a process, and no file is left open', async () => {
    const before = openFiles()
    const apiKey = 'sk-0123456789'
    const system = await open({ workers: [worker('a/x', { isolation, input: { apiKey } })] })
    await system.load(
      'data',
      items(2, (i) => (i === 0 ? { do: 'exit', times: 1 } : { do: 'stall' })),
    )
    await system.start()
    await event(system, 'worker:failure:recorded')
    await state(system, 'a/x', 'running')
    const { pid } = system.worker('a/x').status()
    for (const file of ['cmdline', 'environ']) assert.not.match(readFileSync(`/proc/${pid}/${file}`, 'utf8'), apiKey)
    await system.close({ drainMs: 0 })
    await until(() => openFiles() <= before, 'all files are closed')
    assert.throws(() => process.kill(pid as number, 0), /ESRCH/)
  })
}

for (const what of ['spin', 'block', 'stall']) {
  test(`a process whose task does "${what}" ends with a host that is killed with -9`, async () => {
    const orders = hostOrders(temporaryFolder(), { lanes: 1, items: 1, everyMs: 0, concurrency: 1, isolation, do: what })
    const host = startHost(orders)
    const { pid } = await said<{ at: string; pid: number }>(host, 'running')
    await until(() => readFileSync(orders.starts, { encoding: 'utf8', flag: 'a+' }) !== '', 'the task has begun')
    process.kill(pid, 0)
    await kill(host)
    await until(() => !lives(pid), 'the process is gone')
  })
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0)
    // A zombie has ended, and waits for whoever inherited it.
    return !isLinux || !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

test('a host with workers in processes that is killed with -9 again and again leaves exactly one result per item and lane', async () => {
  const plan = { rounds: 3, items: 500, lanes: 2, everyMs: 1, withinMs: 150, isolation } as const
  const report = await killRounds({ folder: temporaryFolder(), ...plan, random: seededRandom(7) })
  assert.ok(report.kills >= 2)
  assert.ok(report.retried > 0, 'no kill hit a task: the test has shown nothing')
})

test('Ctrl-C, which the processes get as well, lets the tasks in hand finish, and the program ends by itself', async () => {
  const orders = hostOrders(temporaryFolder(), { lanes: 2, items: 5_000, everyMs: 10, concurrency: 2, isolation })
  const host = startHost(orders, true)
  await said(host, 'progress')
  process.kill(-(host.pid as number), 'SIGINT')
  const [exitCode] = (await once(host, 'exit', { signal: AbortSignal.timeout(hangMs) })) as [number]
  assert.is(exitCode, 130)
  const system = await open({ store: orders.store, workers: [worker('annotator-0/x')] })
  const { lastFailure, progress } = system.worker('annotator-0/x').status()
  assert.equal([lastFailure, progress?.leased], [null, 0])
  const started = readFileSync(orders.starts, 'utf8').trimEnd().split('\n').length
  assert.is((await collect(system.results())).length, started, 'what was started was finished')
})

test('a blacklisted worker has no process any more', async () => {
  const system = await open({ workers: [worker('a/x', { isolation })], heartbeat: quick })
  await system.load(
    'data',
    items(1, () => ({ do: 'stall' })),
  )
  await system.start()
  await state(system, 'a/x', 'running')
  const { pid } = system.worker('a/x').status()
  await system.blacklist('a/x', 'enough of it')
  await until(() => !lives(pid as number), 'the process is gone')
  assert.equal([system.worker('a/x').status().state, system.worker('a/x').status().pid], ['blacklisted', null])
})

test.run()
