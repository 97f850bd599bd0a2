import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { CpuProfile, DroverOptions, Failure } from '../../../src/index.js'
import { cleanUp, event, type isolations, items, open, openWithParts, quick, state, temporaryFolder, worker } from '../../support/system.js'

test.after.each(cleanUp)

/** The first failure of a worker whose first task does something once, and that then does the rest. */
async function failureOf(task: string, options: Partial<DroverOptions>, own: Parameters<typeof worker>[1] = {}): Promise<Failure> {
  const system = await open({ workers: [worker('a/x', own)], ...options })
  await system.load(
    'data',
    items(3, (i) => (i === 0 ? { do: task, times: 1 } : {})),
  )
  await system.start()
  const { failure } = await event(system, 'worker:failure:recorded', () => true, 240_000)
  const report = await system.done()
  assert.equal([report.completed, report.results, report.dead], [['a/x'], 3, 0])
  const [stored] = await system.failures()
  assert.equal(stored?.failure, failure)
  assert.equal(system.worker('a/x').status().lastFailure, failure)
  return failure
}

const filesOf = (failure: Failure): string[] => failure.evidence?.files ?? []

function assertSnapshot(file: string): void {
  const { snapshot, nodes, strings } = JSON.parse(readFileSync(file, 'utf8'))
  assert.is(nodes.length, snapshot.node_count * snapshot.meta.node_fields.length)
  assert.ok(strings.length > 1_000)
  assert.is(statSync(file).mode & 0o777, 0o600)
}

test('of a thread in an endless loop a profile that names the loop and a heap snapshot are written, then it is killed for what it did', async () => {
  const dir = join(temporaryFolder(), 'made', 'here')
  const failure = await failureOf('spin', { evidence: { dir, cpuProfileMs: 200, heapSnapshot: true, withinMs: 200_000 } })
  assert.is(failure.kind, 'heartbeat-lost')
  assert.match(failure.hungAt?.[0] ?? '', /^spinForEver /)
  const [profile, snapshot] = filesOf(failure)
  assert.match(profile as string, /_a\.x_heartbeat-lost\.cpuprofile$/)
  assert.equal(
    readdirSync(dir).sort(),
    filesOf(failure)
      .map((file) => file.slice(dir.length + 1))
      .sort(),
  )

  const { nodes, samples = [] } = JSON.parse(readFileSync(profile as string, 'utf8')) as CpuProfile
  const inLoop = nodes.filter(({ callFrame }) => callFrame.functionName === 'spinForEver').map(({ id }) => id)
  const share = samples.filter((sample) => inLoop.includes(sample)).length / samples.length
  assert.ok(share > 0.5, `spinForEver has ${share} of ${samples.length} samples`)
  assert.is(statSync(profile as string).mode & 0o777, 0o600)
  assertSnapshot(snapshot as string)
})

for (const [task, kind] of [
  ['block', 'heartbeat-lost'],
  ['stall', 'progress-stalled'],
] as const) {
  test(`${kind} by ${task} has its files too, of which the kinds may be chosen`, async () => {
    const dir = temporaryFolder()
    const failure = await failureOf(task, { evidence: { dir, cpuProfileMs: 50, heapSnapshot: ['progress-stalled'], withinMs: 200_000 } })
    assert.is(failure.kind, kind)
    const ends = filesOf(failure).map((file) => file.split('.').at(-1))
    assert.equal(ends, kind === 'progress-stalled' ? ['cpuprofile', 'heapsnapshot'] : ['cpuprofile'])
  })
}

/** Its memory runs out, and a snapshot is asked for. */
function starved(dir: string, isolation: (typeof isolations)[number]): Promise<Failure> {
  return failureOf(
    'eat',
    { evidence: { dir, heapSnapshot: ['out-of-memory'] }, heartbeat: { ...quick, timeoutMs: 240_000, progressTimeoutMs: 240_000 } },
    { isolation, resourceLimits: { maxOldGenerationSizeMb: 24, maxYoungGenerationSizeMb: 4 } },
  )
}

/** V8 would abort this process. */
const abortsHost = Number.parseInt(process.versions.node, 10) >= 26

if (abortsHost) {
  test('a worker in a thread whose memory runs out leaves no snapshot here, and does not take its host along', async () => {
    const failure = await starved(temporaryFolder(), 'thread')
    assert.equal([failure.kind, filesOf(failure)], ['out-of-memory', []])
  })
}

const leaves = abortsHost ? 'process' : 'thread'
test(`of a worker in a ${leaves} whose memory runs out the snapshot that V8 makes is moved into the folder`, async () => {
  const dir = temporaryFolder()
  const failure = await starved(dir, leaves)
  assert.is(failure.kind, 'out-of-memory')
  const [file, ...more] = filesOf(failure)
  assert.equal([more, readdirSync(dir).map((name) => join(dir, name))], [[], [file]])
  assert.match(file as string, /_a\.x_out-of-memory\.heapsnapshot$/)
  assertSnapshot(file as string)
  assert.not.ok(readdirSync(process.cwd()).some((name) => name.endsWith('.heapsnapshot')))
})

test('a folder that cannot be written is logged, and the worker is killed and restarted all the same', async () => {
  const file = join(temporaryFolder(), 'file')
  writeFileSync(file, '')
  const { system, parts } = await openWithParts({
    workers: [worker('a/x')],
    evidence: { dir: join(file, 'evidence'), cpuProfileMs: 50, heapSnapshot: true },
  })
  await system.load('data', [{ id: '1', do: 'spin', times: 1 }])
  await system.start()
  const { failure } = await event(system, 'worker:failure:recorded')
  assert.equal([failure.kind, failure.evidence?.files], ['heartbeat-lost', []])
  assert.equal((await system.done()).completed, ['a/x'])
  const line = parts.logs.recent({ part: 'system', limit: 100 }).find(({ message }) => message === 'evidence of a/x is incomplete')
  assert.match(JSON.stringify(line?.fields), /ENOTDIR/)
})

test('a kill waits for evidence no longer than it may take', async () => {
  const { system, parts } = await openWithParts({
    workers: [worker('a/x')],
    evidence: { dir: temporaryFolder(), cpuProfileMs: 10, withinMs: 11 },
  })
  await system.load('data', [{ id: '1', do: 'spin', times: 1 }])
  await system.start()
  const { failure } = await event(system, 'worker:failure:recorded')
  assert.is(failure.kind, 'heartbeat-lost')
  assert.is((await system.done()).results, 1)
  const line = parts.logs.recent({ part: 'system', limit: 100 }).find(({ message }) => message === 'evidence of a/x is incomplete')
  assert.match(JSON.stringify(line?.fields), /TIMEOUT.*not done within 11 ms/)
})

test('a system that closes does not wait for evidence beyond its drain', async () => {
  const profileMs = 60_000
  const evidence = { dir: temporaryFolder(), cpuProfileMs: profileMs, withinMs: 2 * profileMs }
  const system = await open({ workers: [worker('a/x')], evidence })
  await system.load('data', [{ id: '1', do: 'spin' }])
  await system.start()
  await state(system, 'a/x', 'stuck')
  const began = performance.now()
  await system.close({ drainMs: 100 })
  const took = performance.now() - began
  assert.ok(took < profileMs, `closing took ${took} ms`)
})

test('only the files of the latest failures are kept, and no others are touched', async () => {
  const dir = temporaryFolder()
  const others = ['notes.cpuprofile', '2026-01-01.heapsnapshot']
  for (const name of others) writeFileSync(join(dir, name), '')
  writeFileSync(join(dir, '2020-01-01T00-00-00-000Z_a.x_heartbeat-lost.cpuprofile'), '')
  writeFileSync(join(dir, '2020-01-01T00-00-00-000Z_a.x_heartbeat-lost.heapsnapshot'), '')
  const system = await open({
    workers: [worker('a/x')],
    heartbeat: { ...quick, timeoutMs: 300 },
    tasks: { maxAttempts: 1 },
    restart: { maxRestarts: 10, backoff: { initialMs: 1, maxMs: 1 } },
    evidence: { dir, cpuProfileMs: 20, keep: 2 },
  })
  await system.load(
    'data',
    items(4, () => ({ do: 'spin' })),
  )
  await system.start()
  await system.done()
  const failures = await system.failures()
  assert.is(failures.length, 4)
  const latest = failures.slice(0, 2).flatMap(({ failure }) => filesOf(failure))
  assert.is(latest.length, 2)
  assert.equal(new Set(readdirSync(dir).map((name) => join(dir, name))), new Set([...latest, ...others.map((name) => join(dir, name))]))
})

test('without the option nothing is written', async () => {
  const failure = await failureOf('spin', {})
  assert.equal([failure.evidence?.files, existsSync('evidence')], [[], false])
})

test.run()
