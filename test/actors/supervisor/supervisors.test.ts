import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Drover, type SupervisorOptions, supervisor, type TreeStatus, type WorkerOptions } from '../../../src/index.js'
import { cleanUp, event, open, state, temporaryFolder, until } from '../../support/system.js'

test.after.each(cleanUp)

const module = new URL('../../fixtures/loop.worker.js', import.meta.url)

/** Workers that loop until they are told to fail or to end. */
function herd() {
  const folder = temporaryFolder()
  const logFile = join(folder, 'log')
  writeFileSync(logFile, '')
  let read = 0
  return {
    loop: (id: string, more: Partial<WorkerOptions> = {}): WorkerOptions => ({ id, module, input: { folder }, ...more }),
    /** What a worker does next: `throw` or `return`. */
    tell(id: string, what: 'throw' | 'return'): void {
      writeFileSync(join(folder, 'order'), what)
      renameSync(join(folder, 'order'), join(folder, id))
    },
    /** What the threads themselves have done since this was asked last. */
    happened(): string {
      const lines = readFileSync(logFile, 'utf8').trim().split('\n').slice(read)
      read += lines.length
      return lines.join(', ')
    },
    /** Waits until the threads have done so much since they were asked last. */
    async happens(what: string): Promise<void> {
      const lines = (): string[] => readFileSync(logFile, 'utf8').trim().split('\n').slice(read)
      await until(() => lines().length >= what.split(', ').length, what)
      assert.is(lines().join(', '), what)
      read += lines().length
    },
  }
}

const running = (system: Drover, ...ids: string[]) => ids.every((id) => system.worker(id).status().state === 'running')

function ofStrategy(strategy: NonNullable<SupervisorOptions['strategy']>, expected: string): void {
  test(`${strategy}: real threads go down and come up in order`, async () => {
    const { loop, tell, happened, happens } = herd()
    const system = await open({ workers: [supervisor({ id: 's', strategy, children: [loop('a'), loop('b'), loop('c')] })] })
    await system.start('s')
    await happens('a up, b up, c up')
    tell('b', 'throw')
    await happens(expected)
    await until(() => running(system, 'a', 'b', 'c'), 'all up again')
    await system.stop('s')
    assert.is(happened(), 'c stops, b stops, a stops')
  })
}
ofStrategy('one-for-one', 'b up')
ofStrategy('rest-for-one', 'c stops, b up, c up')
ofStrategy('one-for-all', 'c stops, a stops, a up, b up, c up')

for (const [onEscalation, bystander] of [
  ['stop', 'stopped'],
  ['keep', 'running'],
] as const) {
  test(`a supervisor that gives up stops its children and tells the root, which with '${onEscalation}' leaves the others ${bystander}`, async () => {
    const { loop, tell } = herd()
    const system = await open({
      onEscalation,
      workers: [supervisor({ id: 's', intensity: { restarts: 0 }, children: [loop('a'), loop('b')] }), loop('x')],
    })
    await system.start()
    await until(() => running(system, 'a', 'b', 'x'), 'all up')
    const escalated = event(system, 'system:failure:escalated')
    tell('a', 'throw')
    const { worker, supervisor: from, reason, answer } = await escalated
    assert.equal([worker, from, answer], [null, 's', onEscalation])
    assert.match(reason, /^1 restart within 5 s, the last of a: uncaught-error: told to$/)
    await state(system, 'x', bystander)
    assert.equal(
      ['a', 'b'].map((id) => system.worker(id).status().state),
      ['stopped', 'stopped'],
    )
    assert.match(system.worker('b').status().reason, /^s gave up: 1 restart within/)
    assert.is(system.worker('a').status().restarts, 0)
    if (onEscalation === 'stop') {
      assert.match(system.worker('x').status().reason, /^s escalated: 1 restart /)
      assert.equal((await system.done()).stopped, ['a', 'b', 'x'])
    }
    const stored = await system.history({ types: ['supervisor:state:changed'] })
    assert.equal(stored.map(({ payload }) => (payload as { to: string }).to).reverse(), ['stopping', 'down'])
  })
}

test('starting a worker of a supervisor that gave up brings the supervisor up again', async () => {
  const { loop, tell } = herd()
  const system = await open({
    onEscalation: 'keep',
    workers: [supervisor({ id: 's', intensity: { restarts: 0 }, children: [loop('a'), loop('b')] })],
  })
  const stateOf = (): string => (system.tree()[0] as { state: string }).state
  await system.start()
  await until(() => running(system, 'a', 'b'), 'all up')
  tell('a', 'throw')
  await until(() => stateOf() === 'down', 'given up')
  await system.start('b')
  await state(system, 'b', 'running')
  assert.equal([stateOf(), system.worker('a').status().state], ['up', 'stopped'])
})

test('a supervisor restarted by its own keeps done() waiting until its workers have ended', async () => {
  const { loop, tell } = herd()
  const system = await open({
    workers: [supervisor({ id: 'p', children: [supervisor({ id: 's', intensity: { restarts: 0 }, children: [loop('a')] })] })],
  })
  await system.start()
  await state(system, 'a', 'running')
  const done = system.done()
  let over = false
  void done.then(() => {
    over = true
  })
  const again = event(system, 'worker:state:changed', ({ worker, to }) => worker === 'a' && to === 'running')
  tell('a', 'throw')
  await again
  assert.is(over, false)
  tell('a', 'return')
  assert.equal((await done).completed, ['a'])
})

test('a significant child that completes shuts its supervisor down, which is no escalation', async () => {
  const { loop, tell } = herd()
  const system = await open({
    workers: [supervisor({ id: 's', autoShutdown: 'any-significant', children: [loop('a', { significant: true }), loop('b')] }), loop('x')],
  })
  const escalations: unknown[] = []
  system.on('system:failure:escalated', (escalation) => escalations.push(escalation))
  await system.start()
  await until(() => running(system, 'a', 'b', 'x'), 'all up')
  tell('a', 'return')
  await until(() => (system.tree()[0] as { state: string }).state === 'down', 'shut down')
  assert.equal([system.worker('a').status().state, system.worker('b').status().state], ['completed', 'stopped'])
  assert.is(system.worker('b').status().reason, 's shut down: its significant child a ended: run() returned')
  assert.equal([escalations.length, system.worker('x').status().state], [0, 'running'])
})

test('tree() shows supervisors with their state and restarts, and workers in the order of starting', async () => {
  const { loop, tell } = herd()
  const inner = supervisor({
    id: 'jobs/inner',
    strategy: 'rest-for-one',
    intensity: { restarts: 7, withinMs: 60_000 },
    children: [loop('b'), loop('c')],
  })
  const system = await open({ workers: [supervisor({ id: 'jobs', children: [loop('a'), inner] }), loop('x')] })
  const names = (nodes: TreeStatus[]): unknown[] =>
    nodes.map((node) => ('worker' in node ? node.worker : [node.supervisor, names(node.children)]))
  assert.equal(names(system.tree()), [['jobs', ['a', ['jobs/inner', ['b', 'c']]]], 'x'])
  await system.start('jobs/inner')
  await until(() => running(system, 'b', 'c'), 'both up')
  const again = event(system, 'worker:state:changed', ({ worker, to }) => worker === 'c' && to === 'running')
  tell('c', 'throw')
  await again
  const found = (system.tree()[0] as { children: TreeStatus[] }).children[1]
  assert.ok(found && 'supervisor' in found)
  const { children, since, ...own } = found
  assert.equal(own, {
    supervisor: 'jobs/inner',
    strategy: 'rest-for-one',
    state: 'up',
    reason: 'declared',
    restarts: { count: 1, limit: 7, withinMs: 60_000 },
  })
  assert.equal(children, [
    { worker: 'b', state: 'running' },
    { worker: 'c', state: 'running' },
  ])
})

test("inspect() shows every actor, then each event and transition, and nobody's secrets", async () => {
  const { loop } = herd()
  const secret = 'sk-very-secret-1'
  const a = loop('a')
  const system = await open({ workers: [supervisor({ id: 's', children: [{ ...a, input: { ...(a.input as object), apiKey: secret } }] })] })
  const seen: string[] = []
  const everything: string[] = []
  const stop = system.inspect((inspected) => {
    seen.push(`${inspected.type} ${inspected.actorRef.id}`)
    everything.push(JSON.stringify(inspected))
  })
  for (const id of ['monitor', 'supervisor', 's', 'a']) assert.ok(seen.includes(`@xstate.actor ${id}`), id)
  await system.start()
  await state(system, 'a', 'running')
  assert.ok(seen.includes('@xstate.event a'))
  assert.ok(seen.includes('@xstate.snapshot a'))
  assert.not.match(everything.join('\n'), new RegExp(secret))
  stop()
  const before = seen.length
  await system.stop()
  assert.is(seen.length, before)
})

test.run()
