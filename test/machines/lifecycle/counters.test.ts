/** What counts for and against a worker: its uptime, the clock of its window, and what is not its own. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { freshMemory, type LifecycleEvent, type WorkerMemory } from '../../../src/machines/lifecycle/contract.js'
import { missingResourceOf } from '../../../src/machines/lifecycle/missing-resource.js'
import type { WorkerState } from '../../../src/machines/lifecycle/states.js'
import type { RestartRules } from '../../../src/options/restart.js'
import { asked, begin, down, failure } from './support/lifecycle.js'

const recycle: LifecycleEvent = { type: 'RECYCLE', reason: '3 tasks done' }
const short: LifecycleEvent = { type: 'SHORT', why: 'cannot be started now: STORE_FAILED: database or disk is full' }

/** One of the threads of a worker: up for so long, then replaced. */
function live(worker: ReturnType<typeof begin>, ms: number): void {
  worker.clock.increment(ms)
  worker.send(recycle, asked, 'SLOT', 'READY')
}

test('a worker that is recycled each second and fails every four is forgiven as one that is never recycled', () => {
  const worker = begin({ policy: { resetAfterMs: 3_000 } })
  worker.run()
  for (let failures = 0; failures < 20; failures++) {
    for (let threads = 0; threads < 3; threads++) live(worker, 1_000)
    worker.clock.increment(1_000)
    worker.send(down('exit', 1_000))
    assert.is(worker.path.at(-1), 'starting', `failure ${failures}`)
    worker.send('READY')
  }
})

test('a worker that is not up for long enough between its failures is given up, however often it is recycled', () => {
  const worker = begin({ policy: { resetAfterMs: 3_001, backoff: { immediate: 9 } } })
  worker.run()
  for (let failures = 0; failures < 4; failures++) {
    live(worker, 1_000)
    live(worker, 1_000)
    worker.clock.increment(1_000)
    worker.send(down('exit', 1_000), 'READY')
  }
  assert.is(worker.path.at(-1), 'blacklisted')
})

test('time parked on a spent quota is uptime; time queued, in backoff, stopped, or parked for a failure is not', () => {
  const policy: RestartRules = { resetAfterMs: 10_000, backoff: { immediate: 0, initialMs: 60_000, factor: 1 } }
  const parked = begin({ policy })
  parked.run()
  parked.send({ type: 'PARK', until: 9_990, reason: 'quota is spent' }, asked)
  parked.clock.increment(9_990)
  parked.send('SLOT', 'READY')
  assert.is(parked.memory().upMs, 9_990)
  parked.send(down('exit', 10))
  assert.is(parked.memory().restarts.length, 1)

  const waiting = begin({ policy: { ...policy, rules: [{ when: { kind: 'out-of-memory' }, do: 'park', forMs: 60_000 }] } })
  waiting.run()
  waiting.send(down('exit', 10))
  waiting.clock.increment(60_000)
  assert.is(waiting.path.at(-1), 'queued')
  waiting.clock.increment(60_000)
  waiting.send('SLOT', 'READY', 'STOP', asked)
  waiting.clock.increment(60_000)
  waiting.send('START', 'SLOT', 'READY', {
    ...down('out-of-memory', 10),
    failure: { ...failure('out-of-memory', 10), at: waiting.clock.now() },
  } as never)
  assert.is(waiting.path.at(-1), 'parked')
  waiting.clock.increment(60_000)
  assert.equal([waiting.path.at(-1), waiting.memory().upMs], ['queued', 0])
})

test('uptime outlives a host that closes: what a worker was up for before counts under the next', () => {
  const first = begin({ policy: { resetAfterMs: 3_000 } })
  first.run()
  first.send(down('exit', 0), 'READY')
  first.clock.increment(2_000)
  first.send({ type: 'STOP', closing: true }, asked)
  const next = begin({ policy: { resetAfterMs: 3_000 }, restored: { state: 'stopped', memory: first.memory() } })
  next.run()
  next.send(down('exit', 1_000))
  assert.is(next.memory().restarts.length, 1)
})

test('a worker that hangs was up until it hung: long silences and long evidence forgive nothing', () => {
  const { clock, path, run, send } = begin({ policy: { resetAfterMs: 30_000, backoff: { immediate: 9 } } })
  run()
  for (let hangs = 0; hangs < 4; hangs++) {
    clock.increment(121_000)
    send({ type: 'STUCK', kind: 'heartbeat-lost', message: 'no beat for 2 min', silentMs: 120_000 })
    clock.increment(30_000)
    send(down('heartbeat-lost', 151_000), 'READY')
  }
  assert.is(path.at(-1), 'blacklisted')
})

test('a worker that worked for long before it hung has a clean record', () => {
  const { clock, memory, run, send } = begin({ policy: { resetAfterMs: 30_000 } })
  run()
  send(down('exit', 0), 'READY')
  clock.increment(150_000)
  send({ type: 'STUCK', kind: 'progress-stalled', message: 'no progress', silentMs: 120_000 }, down('progress-stalled', 150_000))
  assert.is(memory().restarts.length, 1)
})

/** The next host on the store, as much later as it was down. */
function nextHost(policy: RestartRules, before: ReturnType<typeof begin>, downForMs: number) {
  const at = before.now() + downForMs
  const state = before.path.at(-1) as WorkerState
  return begin({ policy, now: (time) => at + time, restored: { state, memory: before.memory() } })
}

test('six failures whose backoffs are each interrupted by the end of the host give up within a finite window', () => {
  const policy: RestartRules = { maxRestarts: 5, withinMs: 60_000, backoff: { immediate: 0, initialMs: 20_000, factor: 1 } }
  let worker = begin({ policy })
  worker.run()
  for (let failures = 0; failures < 5; failures++) {
    worker.clock.increment(1_000)
    worker.send(down('exit', 1_000))
    assert.is(worker.path.at(-1), 'backoff')
    worker.clock.increment(10_000)
    worker = nextHost(policy, worker, 3_600_000)
    worker.run()
    assert.is(worker.path.at(-1), 'running')
  }
  worker.clock.increment(1_000)
  worker.send(down('exit', 1_000))
  assert.equal([worker.path.at(-1), worker.memory().reason], ['blacklisted', 'failed 6 times within 1 min, last: exit'])
})

for (const [what, before, after] of [
  ['waits for a slot', [recycle, asked], ['SLOT', 'READY']],
  ['is stopped', ['STOP', asked], ['START', 'SLOT', 'READY']],
  ['cannot be started', [recycle, asked, 'SLOT', short], ['SPAWNED', 'READY']],
] as [string, Parameters<ReturnType<typeof begin>['send']>, Parameters<ReturnType<typeof begin>['send']>][]) {
  test(`the window of restarts stands still while a worker ${what}`, () => {
    const worker = begin({
      policy: { maxRestarts: 3, withinMs: 30_000, resetAfterMs: Number.POSITIVE_INFINITY, backoff: { immediate: 9 } },
    })
    worker.run()
    for (let failures = 0; failures < 4; failures++) {
      worker.send(...before)
      worker.clock.increment(100_000)
      worker.send(...after)
      worker.clock.increment(1_000)
      worker.send(down('exit', 1_000), 'READY')
    }
    assert.is(worker.path.at(-1), 'blacklisted')
  })
}

test('restarts leave the window as the worker works, recycled and parked or not', () => {
  const worker = begin({ policy: { maxRestarts: 3, withinMs: 30_000, resetAfterMs: Number.POSITIVE_INFINITY, backoff: { immediate: 9 } } })
  worker.run()
  for (let failures = 0; failures < 10; failures++) {
    live(worker, 5_000)
    worker.send({ type: 'PARK', until: worker.clock.now() + 5_000, reason: 'quota is spent' }, asked)
    worker.clock.increment(5_000)
    worker.send('SLOT', 'READY')
    worker.clock.increment(1_000)
    worker.send(down('exit', 1_000), 'READY')
  }
  assert.is(worker.path.at(-1), 'running')
})

test('one that becomes ready while evidence is taken of it was not ready in time all the same', () => {
  const { clock, path, memory, send } = begin({ policy: { startup: { maxRestarts: 0 } } })
  send('START', 'SLOT')
  clock.increment(30_000)
  send('READY')
  assert.is(path.at(-1), 'stuck')
  send(down('start-timeout', 5))
  assert.equal([path.at(-1), memory().reason], ['blacklisted', 'failed to start 1 time, last: start-timeout'])
})

test('a policy function cannot change its history or the failure, and the attempt is reported', () => {
  const tampering = begin({
    policy: {
      maxRestarts: 1,
      backoff: { immediate: 9 },
      rules: [
        {
          when: (_, { restarts }) => {
            ;(restarts as unknown[]).length = 0
            return false
          },
          do: 'stop',
        },
        (failed) => {
          failed.message = 'nothing'
          return undefined
        },
      ],
    },
  })
  tampering.run()
  tampering.send(down(), 'READY')
  assert.equal([tampering.memory().restarts.length, tampering.memory().lastFailure?.message], [1, 'it broke'])
  assert.ok(tampering.effects.includes('policyFailed'))
  tampering.send(down())
  assert.is(tampering.path.at(-1), 'blacklisted')
})

test('setup that asks for more time gets it, counted from then on', () => {
  const { clock, path, effects, send } = begin()
  send('START', 'SLOT')
  clock.increment(20_000)
  send({ type: 'EXTEND', ms: 60_000 })
  clock.increment(30_000)
  // No less than it has.
  send({ type: 'EXTEND', ms: 1 })
  clock.increment(29_999)
  assert.is(path.at(-1), 'starting')
  clock.increment(1)
  assert.equal([path.at(-1), effects.at(-1)], ['stuck', 'kill start-timeout with evidence'])
})

test('setup that asks for an endless time is never late', () => {
  const { clock, path, send } = begin()
  send('START', 'SLOT', { type: 'EXTEND', ms: Number.POSITIVE_INFINITY })
  clock.increment(2 ** 31 - 2)
  assert.is(path.at(-1), 'starting')
  send('READY')
  assert.is(path.at(-1), 'running')
})

test('the start timeout begins with the thread: until there is one, a worker is not late', () => {
  const { clock, path, send } = begin({ spawns: false })
  send('START', 'SLOT')
  clock.increment(25 * 60_000)
  assert.is(path.at(-1), 'starting')
  send('SPAWNED')
  clock.increment(30_000)
  assert.is(path.at(-1), 'stuck')
})

test('a start that fails for want of something else is no failure: it is tried again after growing waits, and says why', () => {
  const { clock, path, effects, failures, memory, send } = begin({ spawns: false, policy: { maxRestarts: 0 } })
  send('START', 'SLOT')
  const waits: number[] = []
  for (let tries = 0; tries < 8; tries++) {
    send(short)
    const spawned = (): number => effects.filter((effect) => effect === 'spawn').length
    const [before, from] = [spawned(), clock.now()]
    while (spawned() === before) clock.increment(100)
    waits.push(clock.now() - from)
  }
  assert.equal(waits, [200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000])
  assert.equal([path.at(-1), memory().reason], ['starting', 'cannot be started now: STORE_FAILED: database or disk is full'])
  assert.ok(effects.includes('short 8: cannot be started now: STORE_FAILED: database or disk is full'))
  send('SPAWNED', 'READY')
  assert.equal([path.at(-1), failures, memory().restartCount, memory().reason], ['running', [], 0, 'ready'])
})

test('a worker that waits for missing resources can be stopped', () => {
  const { clock, path, effects, send } = begin({ spawns: false })
  send('START', 'SLOT', short, 'STOP')
  assert.is(effects.at(-1), 'finish 10000')
  send(asked)
  clock.increment(60_000)
  assert.is(path.at(-1), 'stopped')
  assert.is(effects.filter((effect) => effect === 'spawn').length, 1)
})

test('a missing resource is found in the causes of an error', () => {
  const error = { name: 'Error', message: 'it broke' }
  assert.is(missingResourceOf({ ...error, code: 'WORKER_MODULE_THREW', cause: { ...error, code: 'EMFILE' } }), 'EMFILE')
  assert.is(missingResourceOf({ ...error, code: 'WORKER_MODULE_THREW', cause: { ...error, code: 'ENOENT' } }), null)
  assert.is(missingResourceOf(error), null)
  assert.is(missingResourceOf(null), null)
})

const paused = 'paused by hand under an earlier host: resume it to go on'

test('a worker paused by hand when its host ended, closed or not, is paused again under the next', () => {
  const killed = begin()
  killed.run()
  killed.send('PAUSE')
  const closed = begin()
  closed.run()
  closed.send('PAUSE', { type: 'STOP', reason: 'the system is closing', closing: true }, asked)
  for (const { memory, path } of [killed, closed]) {
    const next = begin({ restored: { state: path.at(-1) as WorkerState, memory: memory() } })
    next.run()
    assert.equal([next.path.at(-1), next.memory().reason], ['paused', paused])
    next.send('RESUME')
    assert.equal([next.path.at(-1), next.memory().paused], ['running', null])
  }
})

for (const [state, ...events] of [
  ['queued', 'START', 'PAUSE'],
  ['starting', 'START', 'SLOT', 'PAUSE'],
  ['backoff', 'START', 'SLOT', 'READY', down(), 'READY', down(), 'PAUSE'],
] as [WorkerState, ...(LifecycleEvent | LifecycleEvent['type'])[]][]) {
  test(`a pause that waits for its thread while ${state} outlives the host as well`, () => {
    const worker = begin()
    worker.send(...events)
    assert.equal([worker.path.at(-1), worker.memory().paused], [state, 'paused'])
    assert.ok(worker.effects.includes('keep'))
  })
}

test('a stop by hand ends a pause, and one for the quota is no pause by hand', () => {
  const stopped = begin()
  stopped.run()
  stopped.send('PAUSE', 'STOP', asked, 'START', 'SLOT', 'READY')
  assert.equal([stopped.path.at(-1), stopped.memory().paused], ['running', null])
  const spent = begin()
  spent.run()
  spent.send({ type: 'PAUSE', byItself: true, reason: 'day of quota x is spent: raise it to go on' }, asked)
  assert.equal([spent.path.at(-1), spent.memory().paused], ['paused', null])
  spent.send('PAUSE')
  assert.is(spent.memory().paused, 'paused')
})

test('the memory of an earlier version is used: failures count as if they had just happened', () => {
  const memory = { ...freshMemory, restarts: [{ at: 1_700_000_000_000, startup: false }], activeMs: 1_700_000_000_000 } as WorkerMemory
  const { path, run, send } = begin({ policy: { maxRestarts: 1, withinMs: 60_000 }, restored: { state: 'stopped', memory } })
  run()
  send(down())
  assert.is(path.at(-1), 'blacklisted')
})

test.run()
