/** The state for clients of protocol 1, in the form of the old monitoring paths. */
import type { WorkerStatus } from '../../actors/system/status.js'
import type { SystemView } from '../../actors/system/view.js'
import { presentSeedOverview, presentSeedWorker } from './present.js'

/** Workers in a piece. */
const mostInPiece = 500

/**
 * Makes its JSON text in pieces.
 *
 * @param staleMs age of a beat from which a worker is stale
 */
export function* oldState(view: SystemView, staleMs: number): Generator<void, string, void> {
  const now = Date.now()
  const seen: Pick<WorkerStatus, 'state' | 'progress' | 'ratePerMinute'>[] = []
  const texts: string[] = []
  for (const id of [...view.ids()]) {
    const status = view.worker(id)
    if (!status) continue
    const { state, progress, ratePerMinute } = status
    seen.push({ state, progress, ratePerMinute })
    texts.push(JSON.stringify(presentSeedWorker(status, { now, staleMs })))
    if (texts.length % mostInPiece === 0) yield
  }
  const overview = presentSeedOverview({ ...view.sums(seen), workers: seen })
  return `"timestamp":"${new Date(now).toISOString()}","data":{"overview":${JSON.stringify(overview)},"workers":[${texts.join()}]}`
}

export function oldFrame(type: 'full_state' | 'update', state: string): Buffer {
  return Buffer.from(`{"type":"${type}",${state}}`)
}
