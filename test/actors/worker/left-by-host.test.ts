import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readLeft } from '../../../src/actors/worker/left-by-host.js'
import { freshMemory } from '../../../src/machines/lifecycle/contract.js'

test('a host that dies leaves an orphan where it had a thread: not of a worker that had paused by itself', () => {
  for (const [state, paused, kind] of [
    ['running', null, 'orphaned'],
    ['paused', 'by hand', 'orphaned'],
    ['paused', null, undefined],
    ['parked', null, undefined],
  ] as const) {
    const left = readLeft({ state, memory: { ...freshMemory, paused } }, true, 0, (shown) => shown)
    assert.is(left?.memory.lastFailure?.kind, kind, `${state}, ${paused}`)
  }
})

test.run()
