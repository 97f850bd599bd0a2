/** The state as clients of protocol 1 know it: what the old monitoring paths answer. */
import type { Drover } from '../../drover/drover.js'
import { presentSeedOverview, presentSeedWorker } from './present.js'

/** @param staleMs how old a beat may be */
export function oldFrame(type: 'full_state' | 'update', drover: Drover, staleMs: number): Buffer {
  const status = drover.status()
  const now = Date.now()
  const workers = status.workers.map((worker) => presentSeedWorker(worker, { now, staleMs }))
  const data = { overview: presentSeedOverview(status), workers }
  return Buffer.from(JSON.stringify({ type, timestamp: new Date(now).toISOString(), data }))
}
