import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { patientTimeout } from '../../src/time/patient-timer.js'
import { TimeLimit } from '../../src/time/time-limit.js'

test('a wait that is endless, or longer than a timer can be, neither ends nor warns', async () => {
  const warnings: Error[] = []
  const note = (warning: Error): void => void warnings.push(warning)
  process.on('warning', note)
  let ended = 0
  const callOffs = [Number.POSITIVE_INFINITY, Number.MAX_SAFE_INTEGER].map((ms) => patientTimeout(() => ended++, ms))
  await sleep(50)
  for (const callOff of callOffs) callOff()
  process.off('warning', note)
  assert.equal([ended, warnings], [0, []])
})

test('a wait ends after its time, unless it was called off', async () => {
  const ended: string[] = []
  patientTimeout(() => ended.push('called off'), 30)()
  await new Promise<void>((resolve) => patientTimeout(resolve, 40))
  assert.equal(ended, [])
})

test('a limit does not count the time in which this process stood still', async () => {
  let over = false
  const limit = new TimeLimit(400, 'over')
  limit.over.catch(() => {
    over = true
  })
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500)
  for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate)
  limit.clear()
  assert.is(over, false)
})

test.run()
