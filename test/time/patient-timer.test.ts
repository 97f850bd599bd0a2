import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { patientTimeout } from '../../src/time/patient-timer.js'

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

test.run()
