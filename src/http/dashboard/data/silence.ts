/** Threads that miss their beats, as what needs attention: it can be told minutes before they are stuck. */
import type { HealthTrouble } from '../../contract/health.js'
import type { Beat, Overview, Worker } from '../../contract/worker.js'
import { plural } from '../format.js'
import { isSilent } from './workers.js'

/** What needs attention, as the server and the dashboard tell it. */
export type Attention = Omit<Overview['attention'][number], 'kind'> & {
  kind: Overview['attention'][number]['kind'] | HealthTrouble['kind'] | 'silent'
}

/** One entry for all of them; none if every thread beats. */
export function silenceOf(workers: readonly Worker[], beats: Readonly<Record<string, Beat>>): Attention[] {
  const silent = workers.filter((worker) => worker.state !== 'stuck' && isSilent(worker, beats[worker.id]?.beatAgeMs))
  if (silent.length === 0) return []
  const message = `${plural(silent.length, 'worker has', 'workers have')} missed beats: a thread that hangs or computes without a pause`
  return [
    { kind: 'silent', severity: 'warning', message, reasons: [], workers: silent.map(({ id }) => id), count: silent.length, quota: null },
  ]
}
