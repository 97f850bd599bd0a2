/**
 * What Erlang/OTP documents of `supervisor`, case by case: named after OTP's own tests (`supervisor_SUITE`) where there is one. Each is
 * played on real supervisors and lifecycles; `docs/supervision.md` has the table, made from this list.
 */
import * as assert from 'uvu/assert'
import { filledPolicy } from '../../../src/options/restart-policies.js'
import { validateConfig } from '../../../src/options/validate.js'
import { puppet } from '../../support/system.js'
import { grow, sup } from './support/tree.js'

export interface OtpCase {
  name: string
  group: string
  /** What OTP does. */
  otp: string
  /** What drover does, where that is not the same, and why. */
  differs?: string
  run: () => void
}

const cases: OtpCase[] = []
let group = ''
function otp(name: string, documented: string, run: () => void, differs?: string): void {
  cases.push({ group, name, otp: documented, run, ...(differs !== undefined && { differs }) })
}

const hour = 3_600_000
const transient = (id: string, more: object = {}) => ({ id, mode: 'transient' as const, ...more })
const temporary = (id: string, more: object = {}) => ({ id, mode: 'temporary' as const, ...more })
const limited = (restarts: number, withinMs = hour) => ({ intensity: { restarts, withinMs } })

group = 'Start'

otp('sup_start_normal', 'Children are started in order, each when the one before it is up.', () => {
  const t = grow([sup('s', {}, ['a', 'b', 'c'])])
  t.slowToStart.add('a').add('b').add('c')
  t.start()
  assert.equal(['a', 'b', 'c'].map(t.state), ['starting', 'queued', 'queued'])
  t.ready('a')
  assert.equal(['a', 'b', 'c'].map(t.state), ['running', 'starting', 'queued'])
  t.ready('b')
  t.ready('c')
  assert.is(t.happened(), 'a up, b up, c up')
})

otp('sup_start_no_children', 'A supervisor without children is up.', () => {
  assert.is(grow([sup('s', {}, [])]).state('s'), 'up')
})

otp('tree', 'A supervisor among the children is started in its place, and its children in their order.', () => {
  const t = grow([sup('s', {}, ['a', sup('sub', {}, ['b', 'c']), 'd'])])
  t.start()
  assert.is(t.happened(), 'a up, b up, c up, d up')
})

otp(
  'sup_start_ignore_child',
  'A child whose start function returns ignore stays in the list, and the next child is started.',
  () => {
    for (const strategy of ['one-for-one', 'one-for-all', 'rest-for-one'] as const) {
      const t = grow([sup('s', { strategy }, ['a', 'b', 'c'])])
      t.declines.add('b')
      t.start()
      assert.equal([t.up(), t.state('b'), t.state('s')], ['a c', 'stopped', 'up'])
      t.declines.clear()
      t.crash('a')
      assert.equal([t.up(), t.state('b')], ['a c', 'stopped'])
      t.start('b')
      assert.is(t.up(), 'a b c')
    }
  },
  '`ctx.decline(reason)` in `setup`: it is stopped, which is neither a failure nor the end of a significant child. A start asks it again; a restart of its siblings does not.',
)

otp('sup_start_ignore_child, significant', 'A significant child that returns ignore does not shut the supervisor down.', () => {
  const t = grow([sup('s', { autoShutdown: 'any-significant' }, [transient('a', { significant: true }), 'b'])])
  t.declines.add('a')
  t.start()
  assert.equal([t.up(), t.state('s')], ['b', 'up'])
})

otp(
  'sup_start_fail',
  'When a child fails to start, the children before it are stopped in reverse order, and the start of the supervisor fails.',
  () => {
    const t = grow([sup('s', { strategy: 'rest-for-one' }, ['a', 'b', 'c'])])
    t.failsToStart.set('b', 2)
    t.start()
    assert.is(t.happened(), 'a up, b crashed, b crashed, b up, c up')
  },
  'Its policy decides about another try, and the children after it wait: a provider that is down for a moment must not undo a start. Each failed start counts towards the intensity.',
)

group = 'Stop'

otp('sup_stop', 'Children are stopped in reverse order, each when the one after it is down.', () => {
  const t = grow([sup('s', {}, ['a', sup('sub', {}, ['b', 'c']), 'd'])])
  t.start()
  t.stubborn.add('d')
  t.happened()
  t.stop()
  assert.is(t.happened(), 'd stops')
  t.clock.increment(5_000)
  assert.is(t.happened(), 'd stopped, c stops, c stopped, b stops, b stopped, a stops, a stopped')
})

otp('sup_stop_infinity', 'A child with a long shutdown time is waited for.', () => {
  const t = grow([sup('s', {}, ['a', { id: 'b', drainMs: 2 ** 31 - 1 }])])
  t.start()
  t.stubborn.add('b')
  t.stop()
  t.clock.increment(hour)
  assert.equal([t.state('a'), t.state('b')], ['running', 'stopping'])
})

otp('sup_stop_timeout', 'A child that is not down after its own shutdown time is killed; the others are stopped as usual.', () => {
  const t = grow([
    sup('s', {}, [
      { id: 'a', drainMs: 1_000 },
      { id: 'b', drainMs: 2_000 },
    ]),
  ])
  t.start()
  t.stubborn.add('b')
  t.stop()
  t.clock.increment(1_999)
  assert.equal([t.state('a'), t.state('b')], ['running', 'stopping'])
  t.clock.increment(1)
  assert.equal([t.state('a'), t.state('b')], ['stopped', 'stopped'])
})

otp('sup_stop_brutal_kill', 'A child with brutal_kill is killed at once (`drainMs: 0`).', () => {
  const t = grow([sup('s', {}, ['a', { id: 'b', drainMs: 0 }])])
  t.start()
  t.stubborn.add('b')
  t.stop()
  t.clock.increment(0)
  assert.equal([t.state('a'), t.state('b')], ['stopped', 'stopped'])
})

otp('shutdown_in_backoff', 'A child that waits for its restart is not restarted once its supervisor is stopped.', () => {
  const policy = { backoff: { immediate: 0, initialMs: 10_000 } }
  const t = grow([sup('s', {}, ['a', { id: 'b', policy }])])
  t.start()
  t.crash('b')
  assert.is(t.state('b'), 'backoff')
  t.stop()
  t.clock.increment(60_000)
  assert.equal([t.state('a'), t.state('b')], ['stopped', 'stopped'])
})

otp('shutdown_in_restart', 'A supervisor can be stopped while it restarts its children.', () => {
  const t = grow([sup('s', { strategy: 'one-for-all' }, ['a', 'b', 'c'])])
  t.start()
  t.stubborn.add('c')
  t.crash('a')
  assert.is(t.state('s'), 'restarting')
  t.stop()
  t.clock.increment(60_000)
  assert.is(t.up(), '')
  assert.is(t.state('s'), 'up')
})

group = 'Permanent, transient, temporary'

otp('permanent_normal', 'A permanent child is restarted even after a normal end.', () => {
  const t = grow([sup('s', {}, ['a'])])
  t.start()
  t.returns('a')
  assert.is(t.happened(), 'a up, a crashed, a up')
})

otp('transient_normal', 'A transient child is not restarted after a normal end.', () => {
  const t = grow([sup('s', {}, [transient('a')])])
  t.start()
  t.returns('a')
  assert.is(t.state('a'), 'completed')
})

otp('temporary_normal', 'A temporary child is not restarted after a normal end.', () => {
  const t = grow([sup('s', {}, [temporary('a')])])
  t.start()
  t.returns('a')
  assert.is(t.state('a'), 'completed')
})

otp('permanent_abnormal', 'A permanent child is restarted after a failure.', () => {
  const t = grow([sup('s', {}, ['a'])])
  t.start()
  t.crash('a')
  assert.is(t.up(), 'a')
})

otp('transient_abnormal', 'A transient child is restarted after a failure.', () => {
  const t = grow([sup('s', {}, [transient('a')])])
  t.start()
  t.crash('a')
  assert.is(t.up(), 'a')
})

otp(
  'temporary_abnormal',
  'A temporary child is not restarted after a failure, and is forgotten.',
  () => {
    const t = grow([sup('s', {}, [temporary('a')])])
    t.start()
    t.crash('a')
    assert.is(t.state('a'), 'stopped')
  },
  'It stays in the tree, stopped, with its last failure, until it is removed.',
)

otp(
  'permanent_shutdown',
  'A permanent child that exits with reason shutdown is restarted.',
  () => {
    const policy = { mode: 'permanent' as const, rules: [{ when: { kind: 'exit' as const }, do: 'stop' as const }] }
    const t = grow([sup('s', {}, [{ id: 'a', policy }])])
    t.start()
    t.crash('a')
    assert.is(t.state('a'), 'stopped')
  },
  'A worker has no exit reason. A rule of its policy (`do: stop`) says which ends are intended, and such an end is final.',
)

otp('transient_shutdown', 'A transient child that exits with reason shutdown is not restarted (a rule with `do: stop`).', () => {
  const policy = { mode: 'transient' as const, rules: [{ when: { kind: 'exit' as const }, do: 'stop' as const }] }
  const t = grow([sup('s', {}, [transient('a', { policy })])])
  t.start()
  t.crash('a')
  assert.is(t.state('a'), 'stopped')
})

otp('temporary_shutdown', 'A temporary child that exits with reason shutdown is not restarted.', () => {
  const policy = { mode: 'temporary' as const, rules: [{ when: { kind: 'exit' as const }, do: 'stop' as const }] }
  const t = grow([sup('s', {}, [temporary('a', { policy })])])
  t.start()
  t.crash('a')
  assert.is(t.state('a'), 'stopped')
})

otp('temporary_bystander', 'A temporary child that goes down with others is not restarted with them.', () => {
  for (const strategy of ['one-for-all', 'rest-for-one'] as const) {
    const t = grow([sup('s', { strategy }, ['a', temporary('b'), 'c'])])
    t.start()
    t.crash('a')
    assert.is(t.up(), 'a c')
    assert.is(t.state('b'), 'stopped')
  }
})

group = 'One for one'

otp('one_for_one', 'Only the child that failed is restarted.', () => {
  const t = grow([sup('s', {}, ['a', 'b'])])
  t.start()
  t.happened()
  t.crash('a')
  assert.is(t.happened(), 'a crashed, a up')
})

otp('one_for_one, restart frequency', 'At one restart too many all children are stopped, and the supervisor ends.', () => {
  const t = grow([sup('s', limited(2), ['a', 'b'])])
  t.start()
  t.crash('a')
  t.crash('b')
  assert.is(t.up(), 'a b')
  t.happened()
  t.crash('a')
  assert.is(t.happened(), 'a crashed, b stops, b stopped, a stopped, s down')
  assert.match(t.escalations[0] ?? '', /^s: 3 restarts within 1 h, the last of a: exit: it broke$/)
})

otp('one_for_one_escalation', 'A child that cannot be restarted takes its supervisor and its siblings down.', () => {
  const t = grow([sup('s', limited(4), ['a', 'b'])])
  t.start()
  t.failsToStart.set('a', 99)
  t.crash('a')
  assert.equal([t.state('a'), t.state('b'), t.state('s')], ['stopped', 'stopped', 'down'])
})

group = 'One for all'

otp('one_for_all', 'All children are stopped in reverse order, then all are started in order.', () => {
  const t = grow([sup('s', { strategy: 'one-for-all' }, ['a', 'b', 'c'])])
  t.start()
  t.happened()
  t.crash('b')
  assert.is(t.happened(), 'b crashed, c stops, a stops, a up, b up, c up')
})

otp('one_for_all, restart frequency', 'A failure that restarts all children counts as one restart.', () => {
  const t = grow([sup('s', { strategy: 'one-for-all', ...limited(2) }, ['a', 'b', 'c'])])
  t.start()
  t.crash('a')
  t.crash('b')
  assert.is(t.up(), 'a b c')
  t.crash('c')
  assert.equal([t.up(), t.state('s')], ['', 'down'])
})

otp('one_for_all_escalation', 'A child that cannot be restarted with the others takes all of them down.', () => {
  const t = grow([sup('s', { strategy: 'one-for-all', ...limited(4) }, ['a', 'b'])])
  t.start()
  t.failsToStart.set('b', 99)
  t.crash('a')
  assert.equal([t.state('a'), t.state('b'), t.state('s')], ['stopped', 'stopped', 'down'])
})

otp(
  'one_for_all_other_child_fails_restart',
  'When another child fails while all are restarted, the children that are up again are stopped, and all start from the beginning.',
  () => {
    const t = grow([sup('s', { strategy: 'one-for-all' }, ['a', 'b', 'c'])])
    t.start()
    t.happened()
    t.failsToStart.set('b', 1)
    t.crash('a')
    assert.is(t.happened(), 'a crashed, c stops, b stops, a up, b crashed, a stops, a up, b up, c up')
  },
)

otp('one_for_all, ended children', 'Children that had ended normally are started with the others.', () => {
  const t = grow([sup('s', { strategy: 'one-for-all' }, [transient('a'), 'b'])])
  t.start()
  t.returns('a')
  t.crash('b')
  assert.is(t.up(), 'a b')
})

otp(
  'one_for_all, backoff',
  '(OTP restarts without waits.)',
  () => {
    const policy = { backoff: { immediate: 0, initialMs: 10_000 } }
    const t = grow([sup('s', { strategy: 'one-for-all' }, ['a', { id: 'b', policy }, 'c'])])
    t.start()
    t.crash('b')
    assert.equal(['a', 'b', 'c'].map(t.state), ['queued', 'backoff', 'queued'])
    t.happened()
    t.clock.increment(10_000)
    assert.is(t.happened(), 'a up, b up, c up')
  },
  'No child starts before the wait of the failed child is over.',
)

group = 'Rest for one'

otp('rest_for_one', 'The children after the one that failed are stopped in reverse order; then it and they are started in order.', () => {
  const t = grow([sup('s', { strategy: 'rest-for-one' }, ['a', 'b', 'c', 'd'])])
  t.start()
  t.happened()
  t.crash('b')
  assert.is(t.happened(), 'b crashed, d stops, c stops, b up, c up, d up')
  t.crash('d')
  assert.is(t.happened(), 'd crashed, d up')
})

otp('rest_for_one, restart frequency', 'A failure that restarts the rest counts as one restart.', () => {
  const t = grow([sup('s', { strategy: 'rest-for-one', ...limited(2) }, ['a', 'b', 'c'])])
  t.start()
  t.crash('a')
  t.crash('b')
  assert.is(t.up(), 'a b c')
  t.crash('a')
  assert.equal([t.up(), t.state('s')], ['', 'down'])
})

otp('rest_for_one_escalation', 'A child that cannot be restarted takes its supervisor down.', () => {
  const t = grow([sup('s', { strategy: 'rest-for-one', ...limited(4) }, ['a', 'b'])])
  t.start()
  t.failsToStart.set('b', 99)
  t.crash('a')
  assert.equal([t.state('a'), t.state('b'), t.state('s')], ['stopped', 'stopped', 'down'])
})

otp(
  'rest_for_one_other_child_fails_restart',
  'When a later child fails while the rest is restarted, it and those after it are tried again.',
  () => {
    const t = grow([sup('s', { strategy: 'rest-for-one' }, ['a', 'b', 'c'])])
    t.start()
    t.happened()
    t.failsToStart.set('b', 1)
    t.crash('a')
    assert.is(t.happened(), 'a crashed, c stops, b stops, a up, b crashed, b up, c up')
  },
)

group = 'Restart intensity'

otp('multiple_restarts', 'Restarts that are far enough apart never add up.', () => {
  const t = grow([sup('s', limited(1, 1_000), ['a'])])
  t.start()
  for (let i = 0; i < 20; i++) {
    t.crash('a')
    t.clock.increment(1_001)
  }
  assert.equal([t.up(), t.state('s')], ['a', 'up'])
})

otp('intensity, inclusive', 'A restart exactly one period ago still counts.', () => {
  const t = grow([sup('s', limited(1, 1_000), ['a'])])
  t.start()
  t.crash('a')
  t.clock.increment(1_000)
  t.crash('a')
  assert.is(t.state('s'), 'down')
})

otp('intensity 0', 'With intensity 0 the first failure is one too many.', () => {
  const t = grow([sup('s', limited(0), ['a', 'b'])])
  t.start()
  t.crash('a')
  assert.equal([t.up(), t.state('s')], ['', 'down'])
})

otp('intensity, shared', 'All children draw on one intensity.', () => {
  const t = grow([sup('s', limited(2), ['a', 'b', 'c'])])
  t.start()
  t.crash('a')
  t.crash('b')
  t.crash('c')
  assert.is(t.state('s'), 'down')
})

otp(
  'intensity, what is not counted',
  'These do not count: restarts and stops by hand, siblings that restart with the failed child, and the end of a temporary child.',
  () => {
    const t = grow([sup('s', { strategy: 'rest-for-one', ...limited(1) }, ['a', 'b', temporary('c')])])
    t.start()
    t.crash('c')
    for (let i = 0; i < 5; i++) {
      t.tell('b', { type: 'RESTART' })
      t.stop('a')
      t.start('a')
    }
    assert.is(t.state('s'), 'up')
    t.crash('a')
    assert.equal([t.up(), t.state('s')], ['a b', 'up'])
  },
)

otp(
  'intensity, siblings that fail on their way down',
  'A child that fails while it is stopped together with others does not count as a failure.',
  () => {
    const t = grow([sup('s', { strategy: 'one-for-all', ...limited(2) }, ['a', 'b', 'c'])])
    t.start()
    t.stubborn.add('c')
    t.crash('a')
    assert.equal([t.state('b'), t.state('c')], ['running', 'stopping'])
    t.crash('b', 'c')
    assert.is(t.up(), 'a b c')
    t.crash('a')
    t.clock.increment(5_000)
    assert.equal([t.up(), t.state('s')], ['a b c', 'up'])
  },
)

otp('sup_failed_restart', 'Each attempt to restart that fails counts, and the next one is made.', () => {
  const t = grow([sup('s', limited(3), ['a'])])
  t.start()
  t.failsToStart.set('a', 2)
  t.crash('a')
  assert.equal([t.up(), t.state('s')], ['a', 'up'])
  t.crash('a')
  assert.is(t.state('s'), 'down')
})

otp('hanging_restart_loop', 'A supervisor whose child fails to restart again and again can still be stopped.', () => {
  const policy = { maxRestarts: Number.POSITIVE_INFINITY, backoff: { immediate: 0, initialMs: 100, maxMs: 100 } }
  const t = grow([sup('s', limited(1_000_000), ['a', { id: 'b', policy }])])
  t.start()
  t.failsToStart.set('b', 1_000_000)
  t.crash('b')
  t.clock.increment(100)
  t.clock.increment(100)
  t.stop()
  t.clock.increment(60_000)
  assert.equal([t.state('a'), t.state('b')], ['stopped', 'stopped'])
})

otp('intensity and backoff', '(OTP restarts without waits. PM2 and systemd never give up if the waits are longer than the window.)', () => {
  const policy = { maxRestarts: Number.POSITIVE_INFINITY, backoff: { immediate: 0, initialMs: 60_000, maxMs: 60_000 } }
  const t = grow([sup('s', limited(2, 1_000), [{ id: 'a', policy }])])
  t.start()
  for (let i = 0; i < 3; i++) {
    t.crash('a')
    t.clock.increment(60_000)
  }
  assert.is(t.state('s'), 'down')
})

group = 'Escalation'

otp(
  'escalation, permanent',
  'A supervisor that gave up is restarted by its parent, which counts one restart. The count of the restarted supervisor begins at 0.',
  () => {
    const t = grow([sup('p', limited(1), ['x', sup('s', limited(1), ['a', 'b'])])])
    t.start()
    t.crash('a')
    t.happened()
    t.crash('b')
    assert.is(t.happened(), 'b crashed, b stopped, a stops, a stopped, s down, a up, b up')
    t.crash('a')
    assert.is(t.up(), 'x a b')
  },
)

otp(
  'escalation, limits multiply',
  'Nested limits multiply: at each restart by the upper supervisor, the lower one begins to count from 0.',
  () => {
    const t = grow([sup('p', limited(2), [sup('s', limited(2), ['a'])])])
    t.start()
    let crashes = 0
    for (; t.up() === 'a'; crashes++) t.crash('a')
    assert.is(crashes, 3 * 3)
    assert.is(t.escalations.length, 1)
  },
)

otp('escalation, transient', 'A transient supervisor that gave up is not restarted: it exits with reason shutdown.', () => {
  const t = grow([sup('p', {}, ['x', sup('s', { mode: 'transient', ...limited(0) }, ['a'])])])
  t.start()
  t.crash('a')
  assert.equal([t.up(), t.state('s'), t.state('p')], ['x', 'down', 'up'])
})

otp('escalation, temporary', 'A temporary supervisor that gave up is not restarted.', () => {
  const t = grow([sup('p', {}, ['x', sup('s', { mode: 'temporary', ...limited(0) }, ['a'])])])
  t.start()
  t.crash('a')
  assert.equal([t.up(), t.state('s'), t.state('p')], ['x', 'down', 'up'])
})

otp(
  'escalation, strategies',
  'A supervisor that gave up is a failed child like any other: the strategy of its parent decides which siblings restart with it.',
  () => {
    const t = grow([sup('p', { strategy: 'rest-for-one' }, ['x', sup('s', limited(0), ['a', 'b']), 'y'])])
    t.start()
    t.happened()
    t.crash('a')
    assert.is(t.happened(), 'a crashed, b stops, b stopped, a stopped, s down, y stops, a up, b up, y up')
  },
)

otp('escalation, all the way', 'When no supervisor above allows one more restart, everything below is stopped, in reverse order.', () => {
  const t = grow([sup('p', limited(0), ['x', sup('s', limited(0), ['a', 'b']), 'y'])])
  t.start()
  t.happened()
  t.crash('a')
  assert.is(t.happened(), 'a crashed, b stops, b stopped, a stopped, s down, y stops, y stopped, x stops, x stopped, p down')
  assert.is(t.escalations.length, 1)
})

otp(
  'escalation, a child that was given up',
  '(OTP does not give up a single child.)',
  () => {
    const never = { ...filledPolicy({}), parole: undefined, startup: undefined, maxRestarts: 0 } as object
    const alone = grow([sup('s', {}, [{ id: 'a', policy: never }, 'b'])])
    alone.start()
    alone.crash('a')
    assert.equal([alone.state('a'), alone.up(), alone.state('s')], ['blacklisted', 'b', 'up'])
    const dependent = grow([sup('s', { strategy: 'rest-for-one' }, [{ id: 'a', policy: never }, 'b'])])
    dependent.start()
    dependent.crash('a')
    assert.equal([dependent.state('a'), dependent.state('b'), dependent.state('s')], ['blacklisted', 'stopped', 'down'])
  },
  'Under one-for-one a blacklisted worker is down and the others continue. If children depend on each other, the supervisor goes down for good, because the blacklisted child cannot come back.',
)

otp(
  'escalation, a child that cannot come back',
  'If a child cannot be restarted, the children after it are not started.',
  () => {
    const never = { ...filledPolicy({}), parole: undefined, startup: undefined, maxRestarts: 0 } as object
    for (const strategy of ['rest-for-one', 'one-for-all'] as const) {
      const t = grow([sup('s', { strategy }, ['a', { id: 'b', policy: never }, 'c'])])
      t.start()
      t.slowToStart.add('b')
      t.crash('a')
      t.happened()
      t.crash('b')
      assert.not.match(t.happened(), /c up/)
      assert.equal([t.up(), t.state('s')], ['', 'down'])
    }
    const nested = grow([sup('p', { strategy: 'rest-for-one' }, ['a', sup('s', limited(0), ['b']), 'c'])])
    nested.start()
    nested.slowToStart.add('b')
    nested.crash('a')
    nested.happened()
    nested.slowToStart.clear()
    nested.crash('b')
    assert.is(nested.happened(), 'b crashed, b stopped, s down, b up, c up')
  },
  'If its policy gives it up or escalates, the supervisor goes down. If its policy stops it (`do: stop`, `temporary`), this end is intended, and the others continue without it.',
)

otp(
  'escalation, dynamic children',
  'Children that were added with start_child are gone when the parent of their supervisor restarts it.',
  () => {
    const t = grow([sup('p', {}, [sup('s', limited(0), ['a'])])])
    t.add('later', 's')
    t.start()
    assert.is(t.up(), 'a later')
    t.crash('a')
    assert.is(t.up(), 'a later')
  },
  'They stay. Otherwise the program would have to add the worker again, and its work would wait without anyone noticing. `remove` removes them.',
)

otp(
  'escalation, ended children',
  'A child that has ended, and whose supervisor is down, does nothing until the supervisor is up again.',
  () => {
    const t = grow([sup('s', { mode: 'transient', ...limited(0) }, ['a', transient('b')])])
    t.start()
    t.returns('b')
    t.crash('a')
    t.tell('b', { type: 'MORE' })
    assert.equal([t.state('s'), t.state('b')], ['down', 'completed'])
    t.start('a')
    t.tell('b', { type: 'MORE' })
    assert.is(t.up(), 'a b')
  },
)

otp(
  'escalation, while it gives up',
  'A supervisor that is giving up while its parent restarts it with others comes back with all its children.',
  () => {
    const t = grow([sup('p', { strategy: 'one-for-all' }, ['x', sup('s', limited(0), ['a', 'b'])])])
    t.start()
    t.stubborn.add('a')
    t.crash('b')
    assert.equal(['s', 'a', 'b'].map(t.state), ['stopping', 'stopping', 'stopped'])
    t.crash('x')
    t.clock.increment(5_000)
    assert.equal([t.up(), t.state('s'), t.state('p')], ['x a b', 'up', 'up'])
  },
)

otp(
  'escalation, in the middle of a restart',
  'A supervisor that restarts its children, and is stopped by its parent meanwhile, leaves the restart to the parent.',
  () => {
    const t = grow([
      sup('p', { strategy: 'one-for-all', ...limited(1) }, ['x', sup('s', { strategy: 'one-for-all', ...limited(1) }, ['a', 'b'])]),
    ])
    t.start()
    t.stubborn.add('b')
    t.crash('a')
    assert.is(t.state('s'), 'restarting')
    t.crash('x')
    assert.equal([t.state('s'), t.state('p')], ['up', 'restarting'])
    t.clock.increment(5_000)
    assert.is(t.up(), 'x a b')
    t.crash('a')
    assert.is(t.state('s'), 'restarting')
    t.crash('x')
    t.clock.increment(5_000)
    assert.equal([t.up(), t.state('b'), t.state('s'), t.state('p')], ['', 'stopped', 'down', 'down'])
  },
)

otp(
  'escalation, a failure on the way down',
  'A supervisor is stopped by its parent. If one of its children fails before its turn to stop, that does not count as a failure of the supervisor.',
  () => {
    const inner = sup('s', { mode: 'transient', ...limited(0) }, ['a', 'b'])
    const t = grow([sup('p', { strategy: 'one-for-all' }, [inner, 'x'])])
    t.start()
    t.stubborn.add('b')
    t.crash('x')
    assert.equal([t.state('a'), t.state('b')], ['running', 'stopping'])
    t.crash('a')
    t.clock.increment(5_000)
    assert.equal([t.up(), t.state('s'), t.state('p')], ['a b x', 'up', 'up'])
  },
)

group = 'By hand'

otp('terminate_child', 'A child that is stopped by hand is not restarted.', () => {
  const t = grow([sup('s', {}, ['a', 'b'])])
  t.start()
  t.stop('b')
  assert.equal([t.state('b'), t.up()], ['stopped', 'a'])
})

otp('restart_child', 'A child that was stopped by hand can be started again; its siblings are not touched.', () => {
  const t = grow([sup('s', { strategy: 'one-for-all' }, ['a', 'b'])])
  t.start()
  t.stop('a')
  t.happened()
  t.start('a')
  assert.is(t.happened(), 'a up')
})

otp(
  'terminate_child, then a failure',
  'A child that was stopped by hand is started again when the strategy restarts its siblings.',
  () => {
    const t = grow([sup('s', { strategy: 'one-for-all' }, ['a', 'b'])])
    t.start()
    t.stop('b')
    t.crash('a')
    assert.equal([t.up(), t.state('b')], ['a', 'stopped'])
  },
  'A child that was stopped by hand stays down until it is started by hand.',
)

otp('terminate_child, in the middle of a restart', 'A child that is stopped by hand before its turn to be restarted stays down.', () => {
  const t = grow([sup('s', { strategy: 'one-for-all' }, ['a', 'b', 'c'])])
  t.start()
  t.stubborn.add('c')
  t.crash('b')
  assert.equal([t.state('a'), t.state('c')], ['running', 'stopping'])
  t.stop('a')
  t.clock.increment(5_000)
  assert.equal([t.state('a'), t.up()], ['stopped', 'b c'])
})

otp(
  'terminate_child, while it drains',
  'A child that is being stopped by hand when a sibling fails is restarted with that sibling.',
  () => {
    const t = grow([sup('s', { strategy: 'one-for-all' }, ['a', 'b'])])
    t.start()
    t.stubborn.add('b')
    t.stop('b')
    t.crash('a')
    t.clock.increment(5_000)
    assert.equal([t.up(), t.state('b')], ['a', 'stopped'])
  },
  'A child that was stopped by hand stays down until it is started by hand.',
)

otp('terminate_child, of a whole supervisor', 'A child that fails while all are being stopped is not restarted.', () => {
  for (const strategy of ['one-for-one', 'one-for-all', 'rest-for-one'] as const) {
    const t = grow([sup('s', { strategy }, ['a', 'b', 'c'])])
    t.start()
    t.stubborn.add('c')
    t.stop()
    t.crash('a')
    t.clock.increment(5_000)
    assert.equal(['a', 'b', 'c'].map(t.state), ['stopped', 'stopped', 'stopped'])
  }
})

group = 'Significant children and auto-shutdown'

const significant = { significant: true }

otp('significant_permanent', 'A significant child must not be permanent.', () => {
  const child = { id: 'a', module: puppet, significant: true, restart: { mode: 'permanent' } }
  const checked = validateConfig({ store: ':memory:', workers: [{ id: 's', autoShutdown: 'any-significant', children: [child] }] })
  assert.equal(checked.ok ? [] : checked.issues.map(({ path, expected }) => `${path}: ${expected}`), [
    'workers[0].children[0].significant: false: a permanent child is always restarted',
  ])
})

otp('significant_never', 'A supervisor that never shuts itself down must not have significant children.', () => {
  const checked = validateConfig({ store: ':memory:', workers: [{ id: 's', children: [{ id: 'a', module: puppet, significant: true }] }] })
  assert.is(checked.ok, false)
  if (!checked.ok) assert.is(checked.issues[0]?.path, 'workers[0].children[0].significant')
})

otp('any_significant, transient normal', 'The normal end of a significant transient child shuts the supervisor down.', () => {
  const t = grow([
    sup('s', { autoShutdown: 'any-significant', mode: 'transient' }, [transient('a', significant), transient('b', significant), 'c']),
  ])
  t.start()
  t.happened()
  t.returns('a')
  assert.is(t.happened(), 'a completed, c stops, c stopped, b stops, b stopped, s down')
  assert.equal(t.escalations, [])
})

otp('any_significant, transient abnormal', 'A significant transient child that fails is restarted.', () => {
  const t = grow([sup('s', { autoShutdown: 'any-significant' }, [transient('a', significant), 'b'])])
  t.start()
  t.crash('a')
  assert.equal([t.up(), t.state('s')], ['a b', 'up'])
})

otp('any_significant, temporary', 'Any end of a significant temporary child shuts the supervisor down.', () => {
  for (const end of ['crash', 'returns'] as const) {
    const t = grow([sup('s', { autoShutdown: 'any-significant' }, [temporary('a', significant), 'b'])])
    t.start()
    t[end]('a')
    assert.equal([t.up(), t.state('s')], ['', 'down'])
  }
})

otp('any_significant, others', 'The end of a child that is not significant has no effect.', () => {
  const t = grow([sup('s', { autoShutdown: 'any-significant' }, [transient('a', significant), transient('b')])])
  t.start()
  t.returns('b')
  assert.equal([t.up(), t.state('s')], ['a', 'up'])
})

otp('all_significant', 'Only the end of the last significant child shuts the supervisor down.', () => {
  const t = grow([sup('s', { autoShutdown: 'all-significant' }, [transient('a', significant), transient('b', significant), 'c'])])
  t.start()
  t.returns('a')
  assert.equal([t.up(), t.state('s')], ['b c', 'up'])
  t.returns('b')
  assert.equal([t.up(), t.state('s')], ['', 'down'])
})

otp('significant, by hand', 'A significant child that is stopped by hand does not shut the supervisor down.', () => {
  const t = grow([sup('s', { autoShutdown: 'any-significant' }, [transient('a', significant), 'b'])])
  t.start()
  t.stop('a')
  assert.equal([t.up(), t.state('s')], ['b', 'up'])
})

otp('significant, taken along', 'A significant child that goes down with its siblings does not shut the supervisor down.', () => {
  const t = grow([
    sup('s', { autoShutdown: 'any-significant', strategy: 'one-for-all' }, ['a', transient('b', significant), temporary('c', significant)]),
  ])
  t.start()
  t.crash('a')
  assert.equal([t.up(), t.state('s')], ['a b', 'up'])
})

otp('significant supervisor', 'When a significant supervisor shuts itself down, its parent shuts down too.', () => {
  const inner = sup('s', { autoShutdown: 'any-significant', mode: 'transient', significant: true }, [transient('a', significant), 'b'])
  const t = grow([sup('p', { autoShutdown: 'any-significant', mode: 'transient' }, ['x', inner])])
  t.start()
  t.happened()
  t.returns('a')
  assert.is(t.happened(), 'a completed, b stops, b stopped, s down, x stops, x stopped, p down')
})

otp('auto_shutdown, permanent supervisor', 'A permanent supervisor that shut itself down is restarted by its parent.', () => {
  const inner = sup('s', { autoShutdown: 'any-significant', mode: 'permanent' }, [transient('a', significant), 'b'])
  const t = grow([sup('p', {}, ['x', inner])])
  t.start()
  t.happened()
  t.returns('a')
  assert.is(t.happened(), 'a completed, b stops, b stopped, s down, a up, b up')
})

export { cases as otpCases }
