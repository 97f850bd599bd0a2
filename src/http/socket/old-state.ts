/** The state as clients of protocol 1 know it. */
import type { Drover } from '../../drover.js'
import type { WorkerStatus } from '../../status.js'

const oldStatus = (state: WorkerStatus['state']): string => {
  if (state === 'idle' || state === 'queued') return 'not_started'
  if (state === 'starting' || state === 'running' || state === 'parked') return 'running'
  if (state === 'stopping' || state === 'stopped') return 'stopped'
  return state === 'paused' || state === 'completed' ? state : 'crashed'
}

const percentage = (part: number, whole: number): number => (whole === 0 ? 0 : Math.round((part / whole) * 1_000) / 10)

export function oldState(drover: Drover): { overview: object; workers: object[] } {
  const { states, done, total, ratePerMinute, etaMs, workers } = drover.status()
  return {
    overview: {
      ...states,
      total_progress: { completed: done, target: total, percentage: percentage(done, total) },
      avg_speed: ratePerMinute,
      estimated_time_remaining: etaMs === null ? null : Math.round(etaMs / 1_000),
    },
    workers: workers.map((worker) => ({
      annotator_id: /^\d{1,15}$/.test(worker.annotator) ? Number(worker.annotator) : worker.annotator,
      domain: worker.domain,
      status: oldStatus(worker.state),
      state: worker.state,
      running: worker.pid !== null,
      enabled: worker.enabled,
      progress: {
        completed: worker.progress?.done ?? 0,
        target: worker.progress?.total ?? 0,
        speed: worker.ratePerMinute,
        percentage: percentage(worker.progress?.done ?? 0, worker.progress?.total ?? 0),
      },
      pid: worker.pid,
    })),
  }
}
