/** What mailboxes hold, in which order, and what happens to messages that nobody handles. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Drover, MailboxOptions } from '../../../src/index.js'
import { actors, deadLetters, settled } from '../../support/actors.js'
import { cleanUp, isolations, open, until } from '../../support/system.js'

test.after.each(cleanUp)

async function pair(mailbox: MailboxOptions, isolation: 'thread' | 'process' = 'thread'): Promise<Drover> {
  const system = await open({ workers: [...actors(['a'], { mailbox, isolation }), ...actors(['b'], { isolation })] })
  await system.start()
  await Promise.all(['a', 'b'].map((id) => system.worker(id).ask('echo')))
  return system
}

const numbers = Array.from({ length: 300 }, (_, n) => n)

for (const isolation of isolations) {
  test(`messages between two workers, each a ${isolation}, keep their order, beyond the mailbox's capacity and with large ones among them`, async () => {
    const system = await pair({ capacity: 7 }, isolation)
    const bodies = numbers.map((n) => (n % 50 === 0 ? [n, 'x'.repeat(20_000)] : [n]))
    await system.worker('b').ask('tells', { to: 'a', name: 'note', bodies })
    const seen: [number][] = []
    await until(() => {
      void system
        .worker('a')
        .ask('seen')
        .then((more) => seen.push(...(more as [number][])))
      return seen.length >= bodies.length
    }, 'all seen')
    assert.equal(
      seen.map(([n]) => n),
      numbers,
    )
    assert.equal(await system.worker('b').ask('asks', { to: 'a', name: 'echo', bodies: numbers }), numbers)
  })
}

test('in serial order one handler ends before the next begins; in concurrent order capacity is the limit', async () => {
  const system = await pair({ order: 'concurrent', capacity: 3 })
  const a = system.worker('a')
  const waits = [1, 2, 3].map((n) => a.ask('wait', n))
  const more = [4, 5].map((n) => a.ask('wait', n))
  // Another sender has credits of its own.
  await system.worker('b').tell('tells', { to: 'a', name: 'open', bodies: [1] })
  assert.equal(await Promise.all(waits), [1, 2, 3])
  await system.worker('b').ask('tells', { to: 'a', name: 'open', bodies: [1] })
  const rest = Promise.all(more)
  let done = false
  void rest.then(() => {
    done = true
  })
  await until(() => {
    void system.worker('b').tell('tells', { to: 'a', name: 'open', bodies: [1] })
    return done
  }, 'the rest')
  assert.equal(await rest, [4, 5])
  assert.is(await a.ask('mostInWork'), 3)
  const serial = system.worker('b')
  const first = serial.ask('pause', 30)
  const order: string[] = []
  await Promise.all([first.then(() => order.push('pause')), serial.ask('echo').then(() => order.push('echo'))])
  assert.equal(order, ['pause', 'echo'])
})

test('a mailbox that rejects is full at its capacity: asks fail, and tells are dead letters', async () => {
  const system = await pair({ capacity: 2, whenFull: 'reject' })
  const dead = deadLetters(system)
  const a = system.worker('a')
  const held = [a.ask('pause', 200), a.ask('echo', 2)]
  const error = await settled(a.ask('echo', 3))
  assert.equal([error.code, error.details.delivered], ['MAILBOX_FULL', 'no'])
  assert.is((await settled(a.tell('note', 4))).code, 'MAILBOX_FULL')
  assert.equal(await Promise.all(held), [200, 2])
  assert.is(await a.ask('echo', 5), 5)
  assert.equal(dead, ['full note to a x1'])
})

test('a mailbox that drops the oldest keeps the newest, of asks and of tells', async () => {
  const system = await pair({ capacity: 2, whenFull: 'drop-oldest' })
  const dead = deadLetters(system)
  const a = system.worker('a')
  const begun = a.ask('pause', 300)
  const dropped = settled(a.ask('echo', 'old'))
  for (let n = 1; n <= 5; n++) void a.tell('note', n)
  assert.is((await dropped).code, 'MAILBOX_FULL')
  assert.is(await begun, 300)
  assert.equal(await a.ask('seen'), [4, 5])
  await until(() => dead.reduce((sum, letter) => sum + Number(letter.split('x')[1]), 0) === 3, '3 dead letters')
  assert.ok(dead.every((letter) => letter.startsWith('dropped note to a')))
})

test('a mailbox that blocks slows its sender down, and loses nothing', async () => {
  const system = await pair({ capacity: 1 })
  const a = system.worker('a')
  const controller = new AbortController()
  const held = settled(a.ask('wait', 0, { signal: controller.signal }))
  let left = false
  const told = a.tell('note', 1).then(() => {
    left = true
  })
  await a.ask('echo', 0, { timeoutMs: 20 }).catch(() => {})
  assert.is(left, false)
  controller.abort(new Error('enough'))
  await Promise.all([held, told])
  assert.equal(await a.ask('seen'), ['aborted 0', 1])
})

test('tells that cannot be delivered are dead letters, each with why', async () => {
  const system = await pair({})
  const dead = deadLetters(system)
  const b = system.worker('b')
  const tells = (to: string, name: string, ...bodies: unknown[]): Promise<unknown> => b.ask('tells', { to, name, bodies })
  await tells('nobody', 'note', 1)
  await tells('a', 'nothing', 1)
  await system.worker('a').tell('note', () => {})
  // Of a thread that dies, what it had not begun.
  void system
    .worker('a')
    .ask('exitsIn', 30)
    .catch(() => {})
  await system.worker('a').tell('note', 2)
  await until(() => dead.length >= 4, 'four dead letters')
  await system.stop('a')
  await tells('a', 'note', 3)
  await until(() => dead.length >= 5, 'five dead letters')
  assert.equal(dead.sort(), [
    'gone note to a x1',
    'gone note to a x1',
    'undeliverable note to a x1',
    'undeliverable note to nobody x1',
    'undeliverable nothing to a x1',
  ])
})

test.run()
