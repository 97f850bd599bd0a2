/** The state for clients of protocol 1, in the form of the old monitoring paths. */
import { totalsOf, type WorkerStatus } from '../../actors/system/status.js'
import type { SystemView } from '../../actors/system/view.js'
import { mostInPiece } from '../../time/turns.js'
import { presentSeedOverview, presentSeedWorker, withTimeInWords } from './present.js'

export interface Shown {
  /** Age of a beat from which a worker is stale. */
  staleMs: number
  /** As in wrapped answers: the time left is a text. */
  wrapped: boolean
}

/**
 * Makes its JSON text in pieces.
 *
 * @param shown how the clients are shown it
 */
export function* oldState(view: SystemView, { staleMs, wrapped }: Shown): Generator<void, string, void> {
  const now = Date.now()
  const seen: Pick<WorkerStatus, 'state' | 'enabled' | 'progress' | 'ratePerMinute'>[] = []
  const texts: string[] = []
  for (const id of [...view.ids()]) {
    const status = view.worker(id)
    if (!status) continue
    const { state, enabled, progress, ratePerMinute } = status
    seen.push({ state, enabled, progress, ratePerMinute })
    texts.push(JSON.stringify(presentSeedWorker(status, { now, staleMs })))
    if (texts.length % mostInPiece === 0) yield
  }
  const overview = presentSeedOverview({ ...view.sums(totalsOf(seen)), workers: seen })
  const told = wrapped ? withTimeInWords(overview) : overview
  return `"timestamp":"${new Date(now).toISOString()}","data":{"overview":${JSON.stringify(told)},"workers":[${texts.join()}]}`
}

export function oldFrame(type: 'full_state' | 'update', state: string): Buffer {
  return Buffer.from(`{"type":"${type}",${state}}`)
}
