/** Turns a thread's reports into events of the lifecycle. */
import { isInstance } from '../../instance-ids.js'
import { laneEnd } from '../../machines/lane-end.js'
import type { ThreadReport } from '../../threads/protocol/messages.js'
import type { BreakerMemory } from './breaker-memory.js'
import type { WorkerCore } from './core.js'
import type { LaneErrors } from './lane-errors.js'
import type { SpentQuota } from './spent-quota.js'
import type { ThreadLife } from './thread-life.js'

export interface ReportTakers {
  life: ThreadLife
  errors: LaneErrors
  breaker: BreakerMemory
  spentQuota: SpentQuota
  /** Another host has taken the worker. */
  taken: () => void
}

export function takeReport(worker: WorkerCore, report: ThreadReport, { life, errors, breaker, spentQuota, taken }: ReportTakers): void {
  switch (report.type) {
    case 'extend':
      worker.send({ type: 'EXTEND', ms: report.ms })
      break
    case 'ready':
      // Too late: the thread is being ended and was never up.
      if (worker.state === 'starting') life.ready(report.actor)
      break
    case 'log':
      worker.log[report.level](report.message, report.fields ?? undefined)
      break
    case 'failing':
      errors.take(report.errors)
      breaker.streakIs(report.streak)
      break
    case 'breaker-opened':
      breaker.opened(report)
      break
    case 'breaker-closed':
      breaker.closed()
      break
    case 'waiting':
      worker.send({ type: 'WAITING' })
      // What it waits for may have come from another instance, before this was known here: see `lookAtShared`.
      if (isInstance(worker.id)) life.thread?.poke()
      break
    case 'working':
      worker.send({ type: 'WORKING' })
      break
    case 'complete':
      completed(worker, report)
      break
    case 'declined':
      worker.send({ type: 'DECLINED', reason: report.reason })
      break
    case 'spent':
      spentQuota.spent(report)
      break
    case 'retired':
      worker.parts.publish('quota:key:retired', { quota: report.quota, reason: report.reason, at: worker.now() })
      worker.parts.logs.part('system').warn(`quota ${report.quota} is retired: ${report.reason}`)
      break
    case 'recycle':
      worker.send({ type: 'RECYCLE', reason: report.reason })
      break
    case 'wanted':
      worker.parts.introductions.wanted(worker.id, report.peer)
      break
    case 'dead-letters':
      for (const letter of report.letters) worker.parts.introductions.dead({ ...letter, from: worker.id })
      break
    case 'fenced':
      taken()
      break
    case 'failed':
      break
    default:
      report satisfies never
  }
}

function completed(worker: WorkerCore, { counts }: Extract<ThreadReport, { type: 'complete' }>): void {
  const { dataset, target } = worker.config
  const { lanes, isLoading } = worker.parts
  if (counts) lanes.update([counts])
  const reason = counts ? laneEnd({ ...counts, target }) : 'run() returned'
  // During a load an empty lane only waits; it is poked for new items and at the end of the load.
  worker.send(dataset !== null && isLoading(dataset) ? { type: 'WAITING' } : { type: 'COMPLETE', reason })
}
