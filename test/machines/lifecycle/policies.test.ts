import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Failure } from '../../../src/failure.js'
import { decideRestart } from '../../../src/machines/lifecycle/decide-restart.js'
import type { RestartDecision, RestartPolicy, Verdict } from '../../../src/options/restart.js'
import { policies } from '../../../src/options/restart-policies.js'
import { backoffDelay } from '../../../src/time/backoff.js'

const failure: Failure = {
  kind: 'exit',
  message: '',
  error: null,
  exitCode: 1,
  hungAt: null,
  evidence: null,
  tasks: [],
  uptimeMs: 5,
  at: 0,
}

function verdictOn(failed: Failure, policy: RestartPolicy, restartedAt: number[] = [], now = 0): Verdict {
  return decideRestart(failed, { restarts: restartedAt.map((at) => ({ at, startup: false })), now, uses: {} }, policy, () => 0).verdict
}

test('a wait is never longer than max, nor shorter than its share without jitter', () => {
  const amount = fc.double({ min: 0, max: 1e9, noNaN: true })
  const share = fc.double({ min: 0, max: 1, noNaN: true })
  fc.assert(
    fc.property(
      amount,
      fc.double({ min: 1, max: 10, noNaN: true }),
      amount,
      share,
      fc.nat(2_000),
      share,
      (initialMs, factor, maxMs, jitter, n, random) => {
        const delay = backoffDelay({ initialMs, factor, maxMs, jitter }, n, () => random)
        assert.ok(delay <= Math.ceil(maxMs), 'above max')
        assert.ok(delay >= Math.floor(Math.min(maxMs, initialMs) * (1 - jitter)), 'below its share')
      },
    ),
  )
})

test('the restart window is inclusive at its far end', () => {
  const rules = { maxRestarts: 1, withinMs: 1_000 }
  assert.is(verdictOn(failure, rules, [0], 1_000).do, 'blacklist')
  assert.is(verdictOn(failure, rules, [0], 1_001).do, 'restart')
})

test('a policy may be a function; if it throws or returns no verdict, the default decides, and the problem is reported', () => {
  assert.equal(
    verdictOn(failure, () => ({ do: 'stop', why: 'enough' })),
    { do: 'stop', why: 'enough' },
  )
  const byDefault = verdictOn(failure, policies.default)
  for (const broken of [
    () => {
      throw new Error('no')
    },
    () => ({ do: 'restart' }),
    () => ({ do: 'restart', delayMs: -1 }),
    () => ({ do: 'park', why: 'until whenever' }),
    () => ({ do: 'panic' }),
    () => 'restart',
  ] as unknown[] as RestartDecision[]) {
    const { verdict, rule, problems } = decideRestart(failure, { restarts: [], now: 0, uses: {} }, broken)
    assert.equal([verdict, rule, problems.length], [byDefault, null, 1])
  }
})

test('an unkillable thread is never replaced, whatever the policy says', () => {
  assert.is(verdictOn({ ...failure, kind: 'unkillable' }, () => ({ do: 'restart', delayMs: 0 })).do, 'blacklist')
})

test.run()
