/** A system of one worker, `a/x`, that once started has its only task in hand for as long as a test lasts. */
import type { Drover } from '../../../../src/index.js'
import { open, quick, worker } from '../../../support/system.js'

/** Nobody is stuck who has a long task. */
export const patient = { ...quick, progressTimeoutMs: 3_600_000 }

export const longTask = { id: 'long', do: 'sleep', ms: 3_600_000 }

export async function openBusy(): Promise<Drover> {
  const system = await open({ heartbeat: patient, workers: [worker('a/x')] })
  await system.load('data', [longTask])
  return system
}
