import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { StartGate } from '../../src/machines/start-gate.js'

function gate() {
  const woken: string[] = []
  return { woken, gate: new StartGate((worker) => woken.push(worker)) }
}

test('while nothing is short, everybody may start', () => {
  const { gate: it } = gate()
  assert.equal([it.enter('a', 0), it.enter('b', 0)], [null, null])
})

test('once something is short one tries at a time, and the next when it is up', () => {
  const { gate: it, woken } = gate()
  for (const worker of ['a', 'b', 'c']) it.short(worker, 'EMFILE', 0)
  assert.is(it.enter('a', 200), null)
  assert.equal(it.enter('b', 200), { why: 'EMFILE' })
  // One that nothing was refused yet waits with the others.
  assert.equal(it.enter('d', 200), { why: 'EMFILE' })
  it.leave('a', false)
  assert.equal(woken, ['b'])
  assert.is(it.enter('b', 201), null)
  it.leave('b', false)
  it.enter('c', 202)
  it.leave('c', false)
  it.enter('d', 203)
  it.leave('d', false)
  assert.equal(woken, ['b', 'c', 'd'])
  assert.equal([it.enter('e', 204), it.enter('f', 204)], [null, null])
})

test('failed tries are followed by growing waits, for all workers; released resources end the wait', () => {
  const { gate: it, woken } = gate()
  const waits: number[] = []
  it.short('a', 'EMFILE', 0)
  it.short('b', 'EMFILE', 0)
  let now = 0
  for (let tries = 0; tries < 7; tries++) {
    const from = now
    while (it.enter(tries % 2 ? 'a' : 'b', now)) now++
    waits.push(now - from)
    it.short(tries % 2 ? 'a' : 'b', 'EMFILE', now)
  }
  assert.equal(waits, [200, 400, 800, 1_600, 3_200, 5_000, 5_000])
  it.leave('z', true)
  assert.equal(woken, ['a'])
  assert.is(it.enter('a', now), null)
})

test('a worker that no longer wants to start delays no other', () => {
  const { gate: it } = gate()
  it.short('a', 'EMFILE', 0)
  it.short('b', 'EMFILE', 0)
  it.enter('a', 200)
  it.leave('a', false)
  it.leave('b', false)
  assert.equal([it.enter('c', 201), it.enter('d', 201)], [null, null])
})

test('it tells whether something was short since a time', () => {
  const { gate: it } = gate()
  it.short('a', 'EMFILE', 100)
  assert.equal([it.shortSince(100), it.shortSince(101)], ['EMFILE', null])
})

test.run()
