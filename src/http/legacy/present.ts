/** The system in the shapes and words of the replaced one, for the old monitoring paths and the old WebSocket protocol. */

import type { QuotaReport } from '../../actors/system/quota-report.js'
import type { SystemSums, WorkerStatus } from '../../actors/system/status.js'
import type { ControlOutcome } from '../../drover/reports.js'
import type { LogRecord } from '../../logs/logs.js'
import type { WorkerState } from '../../machines/lifecycle/states.js'
import { finite } from '../present/finite.js'
import type { SeedHealth, SeedLog, SeedOutcome, SeedOverview, SeedQuotas, SeedStatus, SeedWorker } from './contract.js'
import { seedStatuses } from './contract.js'

/**
 * `running` and `paused`: Stop has an effect. A worker that waits for a slot has no thread yet: `not_started`. One that waits for
 * quota continues by itself: `paused`. One that waits for its restart or was given up: `crashed`.
 */
const words: Record<WorkerState, SeedStatus> = {
  idle: 'not_started',
  queued: 'not_started',
  starting: 'running',
  running: 'running',
  stuck: 'running',
  stopping: 'running',
  paused: 'paused',
  parked: 'paused',
  crashed: 'crashed',
  backoff: 'crashed',
  blacklisted: 'crashed',
  stopped: 'stopped',
  completed: 'completed',
}

/** Ids were numbers. An id that a number cannot hold exactly stays a text. */
export const annotatorIdOf = (annotator: string): number | string => (/^(0|[1-9]\d{0,14})$/.test(annotator) ? Number(annotator) : annotator)

const iso = (ms: number): string => new Date(ms).toISOString()
const round1 = (n: number): number => Math.round(n * 10) / 10

/** 0 to 100; never 100 before all is done. */
function percentageOf(completed: number, target: number): number {
  if (target <= 0) return 0
  return completed >= target ? 100 : Math.min(99.9, round1((completed / target) * 100))
}

const lastUpdate = ({ beatAgeMs, since }: WorkerStatus, now: number): number => (beatAgeMs === null ? since : now - beatAgeMs)

export interface SeedTime {
  /** Ms since the epoch. */
  now: number
  /** Age of a beat from which a worker is stale. */
  staleMs: number
}

const isStale = ({ beatAgeMs }: WorkerStatus, { staleMs }: SeedTime): boolean => beatAgeMs !== null && beatAgeMs >= staleMs

export function presentSeedWorker(worker: WorkerStatus, time: SeedTime): SeedWorker {
  const { annotator, domain, state, enabled, progress, ratePerMinute, pid, id, dataset, reason, restarts, lastFailure, lastError } = worker
  const { done = 0, total = 0, dead = 0 } = progress ?? {}
  return {
    annotator_id: annotatorIdOf(annotator),
    domain,
    status: words[state],
    running: pid !== null,
    stale: isStale(worker, time),
    enabled,
    progress: { completed: done, target: total, malformed: dead, speed: round1(ratePerMinute), percentage: percentageOf(done, total) },
    last_updated: iso(lastUpdate(worker, time.now)),
    pid,
    id,
    dataset,
    state,
    reason,
    dead,
    restarts,
    last_error: lastFailure?.message ?? lastError?.message ?? null,
  }
}

export function presentSeedOverview({
  workers,
  states,
  done,
  total,
  ratePerMinute,
  etaMs,
}: SystemSums & { workers: readonly Pick<WorkerStatus, 'state' | 'enabled'>[] }): SeedOverview {
  const counts = Object.fromEntries(seedStatuses.map((status) => [status, 0])) as Record<SeedStatus, number>
  for (const { state } of workers) counts[words[state]]++
  return {
    total_workers: workers.length,
    enabled_workers: workers.filter(({ enabled }) => enabled).length,
    running_workers: counts.running,
    paused_workers: counts.paused,
    completed_workers: counts.completed,
    crashed_workers: counts.crashed,
    ...counts,
    total_progress: { completed: done, target: total, percentage: percentageOf(done, total) },
    avg_speed: round1(ratePerMinute),
    estimated_time_remaining: etaMs === null ? null : Math.round(etaMs / 1_000),
    states: { ...states } as Record<string, number>,
  }
}

/** The same for a wrapped answer, whose reader expects a text. */
export function withTimeInWords(overview: SeedOverview): SeedOverview {
  const { estimated_time_remaining: seconds } = overview
  return { ...overview, estimated_time_remaining: typeof seconds === 'number' ? inWords(seconds) : 'Unknown' }
}

function inWords(seconds: number): string {
  const minutes = Math.floor(seconds / 60)
  if (minutes === 0) return `${seconds}s`
  return minutes < 60 ? `${minutes}m` : `${Math.floor(minutes / 60)}h ${minutes % 60}m`
}

export function presentSeedHealth(workers: readonly WorkerStatus[], time: SeedTime): SeedHealth {
  const trouble = (worker: WorkerStatus) => {
    const at = lastUpdate(worker, time.now)
    const { annotator, domain } = worker
    const stale_minutes = Math.max(0, round1((time.now - at) / 60_000))
    return { annotator_id: annotatorIdOf(annotator), domain, last_update: iso(at), stale_minutes }
  }
  const crashed = workers.filter(({ state }) => words[state] === 'crashed')
  const stuck = workers.filter((worker) => worker.state === 'stuck' || isStale(worker, time))
  const ill = new Set([...crashed, ...stuck])
  const healthy = workers.filter((worker) => worker.enabled && !ill.has(worker)).length
  const told = stuck.map(trouble)
  return { crashed: crashed.map(trouble), stuck: told, stalled: told, healthy }
}

export function presentSeedQuotas(reports: readonly QuotaReport[]): SeedQuotas {
  return Object.fromEntries(
    reports.map(({ name, requestsToday, quotaLimit, percentageUsed, available, canMakeRequest, waitMs }) => {
      const waitSeconds = finite(waitMs)
      return [
        name,
        {
          requests_today: requestsToday,
          quota_limit: quotaLimit,
          percentage_used: Math.min(100, Math.max(0, round1(percentageUsed))),
          tokens_available: finite(available),
          can_make_request: canMakeRequest,
          wait_time_seconds: waitSeconds === null ? null : waitSeconds / 1_000,
        },
      ]
    }),
  )
}

const levels = { error: 'ERROR', warn: 'WARNING', info: 'INFO', debug: 'DEBUG' } as const

export function presentSeedLog({ at, level, annotator, domain, message, part, fields }: LogRecord): SeedLog {
  const annotator_id = annotator === null ? null : annotatorIdOf(annotator)
  return { timestamp: iso(at), level: levels[level], annotator_id, domain, message, part, fields }
}

export function presentSeedOutcome({ annotator, domain, state, message, worker, ok }: ControlOutcome): SeedOutcome {
  return { annotator: annotatorIdOf(annotator), domain, status: words[state], message, worker, state, ok }
}
