import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Failure } from '../../../src/failure.js'
import { decideRestart } from '../../../src/machines/lifecycle/decide-restart.js'
import type { FailureMatch, RestartPolicy, RestartRules } from '../../../src/options/restart.js'
import { composePolicy, policies } from '../../../src/options/restart-policies.js'
import { asked, begin, down, failure } from './support/lifecycle.js'

/** How a policy is judged at a worker's n-th failure in a row, each `everyMs` after the last. */
function verdicts(policy: RestartPolicy, failures: Failure[]) {
  const { clock, memory, path, run, send } = begin({ policy })
  run()
  return failures.map((failed) => {
    path.length = 0
    send({ type: 'ENDED', failure: { ...failed, at: clock.now() } })
    const { until, reason } = memory()
    const came = path.at(-1)
    if (came === 'backoff') {
      const waited = (until ?? 0) - clock.now()
      clock.increment(waited)
      send('SLOT')
      if (failed.uptimeMs !== null) send('READY')
      return `after ${waited}`
    }
    if (came === 'starting' && failed.uptimeMs !== null) send('READY')
    return came === 'starting' ? 'at once' : `${came}: ${reason}`
  })
}

const coded = (code: string): Failure => ({ ...failure('uncaught-error'), error: { name: 'Error', message: 'it broke', code } })
const bad = { do: 'blacklist', why: 'matched' } as const

for (const [when, hits, misses] of [
  [{ kind: 'exit' }, failure('exit'), failure('out-of-memory')],
  [{ kind: ['exit', 'out-of-memory'] }, failure('out-of-memory'), failure('uncaught-error')],
  [{ code: 'E_KEY' }, coded('E_KEY'), coded('E_OTHER')],
  [{ code: ['E_KEY', 'E_QUOTA'] }, coded('E_QUOTA'), failure('exit')],
  [{ exitCode: 3 }, failure('exit'), { ...failure('exit'), exitCode: 4 }],
  [{ exitCode: [3, 4] }, { ...failure('exit'), exitCode: 4 }, { ...failure('exit'), exitCode: null }],
  [{ startup: true }, failure('exit', null), failure('exit', 5)],
  [{ startup: false }, failure('exit', 5), failure('start-timeout', null)],
  [{ kind: 'exit', exitCode: 3 }, failure('exit'), { ...failure('uncaught-error'), exitCode: 3 }],
  [{}, failure('exit'), null],
] as [FailureMatch, Failure, Failure | null][]) {
  test(`a rule for ${JSON.stringify(when)} decides on what matches all of it, and on nothing else`, () => {
    const rules: RestartRules = { rules: [{ when, ...bad }] }
    assert.equal(verdicts(rules, [hits]), ['blacklisted: matched'])
    if (misses) assert.equal(verdicts(rules, [misses]), ['at once'])
  })
}

test('rules are asked in order, predicates and functions among them; the first with an answer decides', () => {
  const policy: RestartRules = {
    rules: [
      { when: ({ exitCode }) => exitCode === 7, do: 'stop', why: 'seven' },
      ({ kind }) => (kind === 'exit' ? { do: 'restart', delayMs: 70 } : undefined),
      { when: { kind: 'exit' }, ...bad },
      { when: { kind: 'out-of-memory' }, ...bad },
    ],
  }
  assert.equal(verdicts(policy, [failure('exit'), failure('out-of-memory')]), ['after 70', 'blacklisted: matched'])
  assert.equal(verdicts(policy, [{ ...failure('exit'), exitCode: 7 }]), ['stopped: seven'])
})

test('a rule that throws is passed over and told; the next one decides', () => {
  const broken = () => {
    throw new Error('a bad predicate')
  }
  const { effects, path, run, send } = begin({
    policy: {
      rules: [
        { when: broken, do: 'stop' },
        { when: {}, ...bad },
      ],
    },
  })
  run()
  send(down())
  assert.is(path.at(-1), 'blacklisted')
  assert.is(effects.filter((effect) => effect === 'policyFailed').length, 1)
})

test('a restart by rule keeps to the limits: only its wait and its heap are other ones', () => {
  const policy: RestartRules = { maxRestarts: 2, rules: [{ when: { kind: 'exit' }, do: 'restart', delayMs: 50 }] }
  const [first, second, third] = verdicts(policy, [failure(), failure(), failure()])
  assert.equal([first, second, third], ['after 50', 'after 50', 'blacklisted: failed 3 times, last: exit'])
})

test('out of memory: twice with more heap, kept from then on, and then given up', () => {
  const more = { when: { kind: 'out-of-memory' }, do: 'restart' } as const
  const policy: RestartRules = {
    maxRestarts: 9,
    backoff: { immediate: 9 },
    rules: [
      { ...more, atMost: 1, resourceLimits: { maxOldGenerationSizeMb: 200 } },
      { ...more, atMost: 1, resourceLimits: { maxOldGenerationSizeMb: 400 } },
      { when: { kind: 'out-of-memory' }, do: 'blacklist', why: 'needs more heap than it may have' },
    ],
  }
  const { memory, path, run, send } = begin({ policy })
  run()
  for (const megabytes of [200, 400]) {
    send(down('out-of-memory'), 'READY')
    assert.equal(memory().resourceLimits, { maxOldGenerationSizeMb: megabytes })
  }
  send(down('out-of-memory'))
  assert.is(path.at(-1), 'blacklisted')
  assert.is(memory().reason, 'needs more heap than it may have')
  send('RESET')
  assert.is(memory().resourceLimits, null)
})

test('the uses of a rule are forgotten with the history', () => {
  const policy: RestartRules = {
    rules: [
      { when: {}, do: 'park', forMs: 10, atMost: 1 },
      { when: {}, ...bad },
    ],
    resetAfterMs: 1_000,
  }
  const { clock, path, run, send } = begin({ policy })
  run()
  for (let round = 0; round < 3; round++) {
    clock.increment(1_000)
    send({ type: 'ENDED', failure: { ...failure('exit', 1_000), at: clock.now() } })
    assert.is(path.at(-1), 'parked')
    clock.increment(10)
    send('SLOT', 'READY')
  }
  send(down('exit', 5))
  assert.is(path.at(-1), 'blacklisted')
})

test('a worker parks until the time that a function names by the wall clock, also after that was set', () => {
  const hour = 3_600_000
  for (const ahead of [0, hour, -hour]) {
    for (const policy of [
      // By a provider's answer, and from the failure on.
      () => ({ do: 'park', until: ahead + 60_000, why: 'too many requests' }),
      ({ at }) => ({ do: 'park', until: at + 60_000, why: 'too many requests' }),
      { rules: [{ when: {}, do: 'park', forMs: 60_000 }] },
    ] satisfies RestartPolicy[]) {
      const { memory, run, send } = begin({ policy, ahead: () => ahead })
      run()
      send({ type: 'ENDED', failure: failure('exit') })
      assert.is(memory().until, 60_000, `${ahead} ms ahead`)
      assert.is(memory().lastFailure?.at, 0)
    }
  }
})

test('park releases the slot, wakes the worker at its time, and counts as no restart', () => {
  const { clock, effects, memory, path, run, send } = begin({
    policy: { maxRestarts: 0, rules: [{ when: { code: 'E_429' }, do: 'park', forMs: 60_000 }] },
  })
  run()
  send({ type: 'ENDED', failure: coded('E_429') })
  assert.is(path.at(-1), 'parked')
  assert.is(memory().until, 60_000)
  assert.is(effects.at(-1), 'releaseSlot')
  clock.increment(59_999)
  assert.is(path.at(-1), 'parked')
  clock.increment(1)
  assert.is(path.at(-1), 'queued')
  assert.equal([memory().restartCount, memory().restarts], [0, []])
})

test('escalate stops the worker and passes the reason on', () => {
  const { effects, path, run, send } = begin({ policy: { rules: [{ when: {}, do: 'escalate', why: 'the disk is gone' }] } })
  run()
  send(down())
  assert.is(path.at(-1), 'stopped')
  assert.ok(effects.includes('escalate the disk is gone'))
})

test('failures at startup and while running count apart where startup has limits of its own', () => {
  const start = failure('start-error', null)
  const policy: RestartRules = {
    maxRestarts: 2,
    backoff: { immediate: 9 },
    startup: { maxRestarts: 1, backoff: { immediate: 0, initialMs: 5 } },
  }
  assert.equal(verdicts(policy, [start, start]), ['after 5', 'blacklisted: failed to start 2 times, last: start-error'])
  assert.equal(verdicts(policy, [start, failure(), failure(), failure()]), [
    'after 5',
    'at once',
    'at once',
    'blacklisted: failed 3 times, last: exit',
  ])
  const { startup: _, ...together } = policy
  assert.equal(verdicts(together, [start, failure(), failure()]).at(-1), 'blacklisted: failed 3 times, last: exit')
})

test('composed, rules stand in order, functions among them, and of every other option the first one counts', () => {
  const composed = composePolicy(
    { rules: [{ when: { code: 'E_KEY' }, ...bad }], maxRestarts: 1 },
    ({ kind }) => (kind === 'out-of-memory' ? { do: 'stop', why: 'no more heap' } : undefined),
    { ...policies.kubernetes, rules: [{ when: { exitCode: 3 }, do: 'restart', delayMs: 9 }] },
  )
  assert.equal([composed.maxRestarts, composed.resetAfterMs, composed.rules?.length], [1, 600_000, 3])
  assert.equal(verdicts(composed, [coded('E_KEY')]), ['blacklisted: matched'])
  assert.equal(verdicts(composed, [failure('out-of-memory')]), ['stopped: no more heap'])
  assert.equal(verdicts(composed, [failure('exit'), failure('exit')]), ['after 9', 'blacklisted: failed 2 times, last: exit'])
})

test('policies.otp: at once, and given up at the second failure within 5 s', () => {
  assert.equal(verdicts(policies.otp, [failure(), failure()]), ['at once', 'blacklisted: failed 2 times within 5 s, last: exit'])
  const { clock, path, run, send } = begin({ policy: policies.otp })
  run()
  for (let round = 0; round < 5; round++) {
    clock.increment(5_001)
    send(down(), 'READY')
  }
  assert.is(path.at(-1), 'running')
})

test('policies.kubernetes: at once, 10 s doubling to 5 min, never given up', () => {
  const waits = verdicts(
    policies.kubernetes,
    Array.from({ length: 40 }, () => failure()),
  )
  assert.equal(waits.slice(0, 8), [
    'at once',
    'after 10000',
    'after 20000',
    'after 40000',
    'after 80000',
    'after 160000',
    'after 300000',
    'after 300000',
  ])
  assert.is(waits.at(-1), 'after 300000')
})

test('policies.never: the first failure is final', () => {
  assert.equal(verdicts(policies.never, [failure()]), ['stopped: its restart mode is temporary'])
})

test('giving up is reachable whatever the waits: PM2 and systemd count them into the window', () => {
  const ms = fc.integer({ min: 0, max: 10_000_000 })
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 20 }),
      fc.integer({ min: 1, max: 100_000 }),
      fc.record({
        immediate: fc.nat(30),
        initialMs: ms,
        factor: fc.double({ min: 1, max: 100, noNaN: true }),
        maxMs: ms,
        jitter: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (maxRestarts, withinMs, backoff, share) => {
        // It is up for so long between two failures that one more than is tolerated falls into the window.
        const upMs = Math.floor((withinMs / (maxRestarts + 1)) * share)
        const { clock, path, run, send } = begin({ policy: { maxRestarts, withinMs, backoff, resetAfterMs: Number.POSITIVE_INFINITY } })
        run()
        for (let failed = 0; failed <= maxRestarts; failed++) {
          assert.is(path.at(-1), 'running')
          clock.increment(upMs)
          send(down('exit', upMs))
          if (path.at(-1) === 'backoff') clock.increment(backoff.maxMs + 1)
          send('SLOT', 'READY')
        }
        assert.is(path.at(-1), 'blacklisted')
      },
    ),
  )
})

const paroled: RestartRules = { maxRestarts: 0, resetAfterMs: 1_000, parole: { afterMs: 60_000 } }

test('a blacklisted worker gets one start on parole, and is blacklisted again, for good, at its first failure', () => {
  const { clock, memory, path, run, send } = begin({ policy: { ...paroled, maxRestarts: 5, rules: [{ when: { kind: 'exit' }, ...bad }] } })
  run()
  send(down())
  assert.is(memory().until, 60_000)
  clock.increment(60_000)
  assert.is(path.at(-1), 'queued')
  send('SLOT', 'READY', down('uncaught-error', 999))
  assert.equal([path.at(-1), memory().reason, memory().until], ['blacklisted', 'failed again on parole: uncaught-error', null])
  clock.increment(1_000_000)
  send('START')
  assert.is(path.at(-1), 'blacklisted')
})

test('parole is had once, also where a rule gives up at the second failure, and where the host ends in between', () => {
  const rules: RestartRules = { ...paroled, rules: [{ when: { kind: 'exit' }, ...bad }] }
  const first = begin({ policy: rules })
  first.run()
  first.send(down())
  first.clock.increment(60_000)
  const next = begin({ policy: rules, restored: { state: 'starting', memory: first.memory() } })
  next.send('START', 'SLOT', 'READY', down('exit', 10))
  assert.equal([next.path.at(-1), next.memory().reason, next.memory().until], ['blacklisted', 'matched', null])
})

test('a timer of parole that fires a hair before the deadline, which passes while it is judged, leaves no worker stranded', () => {
  const readings: number[] = []
  const { clock, path, run, send } = begin({ policy: paroled, now: (time) => readings.shift() ?? time })
  run()
  send(down())
  // Early at the first reading, due at every later one: two guards that each read the clock agreed on neither way out.
  readings.push(59_999.9)
  clock.increment(60_000)
  clock.increment(1)
  assert.equal(readings, [])
  assert.is(path.at(-1), 'queued')
})

test('one that was up for long on parole has a clean record', () => {
  const { clock, memory, path, run, send } = begin({ policy: { ...paroled, maxRestarts: 1 } })
  run()
  send(down(), 'READY', down())
  clock.increment(60_000)
  send('SLOT', 'READY', down('exit', 1_000))
  assert.is(path.at(-1), 'starting')
  assert.not.ok(memory().onParole)
  assert.is(memory().restarts.length, 1)
})

test('parole brings back only a worker that was started in this host; a stop cancels it', () => {
  const { clock, memory, path, run, send } = begin({ policy: paroled })
  run()
  send(down(), 'STOP')
  clock.increment(60_000)
  assert.is(path.at(-1), 'blacklisted')
  send('START')
  assert.is(path.at(-1), 'queued')

  const later = begin({ policy: paroled, restored: { state: 'blacklisted', memory: { ...memory(), until: 30_000 } } })
  later.send('START')
  assert.is(later.path.at(-1), 'blacklisted')
  later.clock.increment(30_000)
  assert.is(later.path.at(-1), 'queued')
})

for (const [from, ...events] of [
  ['idle'],
  ['queued', 'START'],
  ['running', 'START', 'SLOT', 'READY'],
  ['paused', 'START', 'SLOT', 'READY', 'PAUSE'],
  ['stopping', 'START', 'SLOT', 'READY', 'STOP'],
  ['backoff', 'START', 'SLOT', 'READY', 'crash'],
] as const) {
  test(`given up by hand while ${from}, a worker is blacklisted without parole, and neither start nor stop lifts it`, () => {
    const { memory, path, send } = begin({ policy: { ...paroled, maxRestarts: 9, backoff: { immediate: 0 } } })
    for (const event of events) send(event === 'crash' ? down() : event)
    assert.is(path.at(-1), from)
    send({ type: 'BLACKLIST', why: 'its answers are useless' }, 'START', 'STOP', 'RESTART')
    if (path.at(-1) === 'stopping') send(asked)
    assert.equal([path.at(-1), memory().reason, memory().until], ['blacklisted', 'its answers are useless', null])
    send('START')
    assert.is(path.at(-1), 'blacklisted')
    send('RESET')
    assert.is(path.at(-1), 'idle')
  })
}

test('given up by hand, one that waits for its parole waits for it no more', () => {
  const { clock, memory, path, run, send } = begin({ policy: paroled })
  run()
  send(down(), { type: 'BLACKLIST', why: 'for good' })
  assert.equal([memory().reason, memory().until], ['for good', null])
  clock.increment(600_000)
  assert.is(path.at(-1), 'blacklisted')
})

test('a history that is empty, endless or of another policy is no obstacle', () => {
  const none = decideRestart(failure(), { restarts: [], now: 0, uses: { 7: 3 } }, { rules: [] })
  assert.equal(none, { verdict: { do: 'restart', delayMs: 0 }, rule: null, problems: [] })
})

test.run()
