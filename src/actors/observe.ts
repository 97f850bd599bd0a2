/** Makes status out of what the main thread has in memory. */
import type { WorkerState } from '../machines/lifecycle-contract.js'
import type { SystemStatus, WorkerStatus } from '../status.js'
import type { OpenSystem } from './open-system.js'
import type { WorkerHands } from './worker.js'

export function statusOf({ parts, silence }: OpenSystem, hands: WorkerHands): WorkerStatus {
  const { config, memory, state } = hands
  const counts = parts.lanes.get(config.id)
  const value = hands.ref.getSnapshot().value as { live?: { running?: 'working' | 'waiting' | 'draining' } }
  const holder = hands.holder
  return {
    id: config.id,
    annotator: config.annotator,
    domain: config.domain,
    dataset: config.dataset,
    enabled: config.enabled,
    state,
    activity: (typeof value === 'object' && value.live?.running) || null,
    reason: memory.reason,
    since: hands.since,
    progress: counts && { done: counts.done, dead: counts.dead, total: counts.total, leased: counts.leased, retrying: counts.retrying },
    ratePerMinute: parts.lanes.ratePerMinute(config.id),
    beatAgeMs: hands.thread === null ? null : (silence.get(config.id) ?? 0),
    pid: hands.pid,
    threadId: hands.threadId,
    heapUsed: hands.heapUsed,
    restarts: memory.restartCount,
    lastFailure: memory.lastFailure,
    until: memory.until,
    heldBy: holder && { pid: holder.pid, hostname: holder.hostname, since: holder.since },
  }
}

export function systemStatus(system: OpenSystem, state: SystemStatus['state']): SystemStatus {
  const workers = [...system.hands.values()].map((hands) => statusOf(system, hands))
  const states: Partial<Record<WorkerState, number>> = {}
  for (const worker of workers) states[worker.state] = (states[worker.state] ?? 0) + 1
  const sum = (pick: (worker: WorkerStatus) => number): number => workers.reduce((total, worker) => total + pick(worker), 0)
  const done = sum(({ progress }) => progress?.done ?? 0)
  const dead = sum(({ progress }) => progress?.dead ?? 0)
  const total = sum(({ progress }) => progress?.total ?? 0)
  const ratePerMinute = sum((worker) => worker.ratePerMinute)
  const left = Math.max(0, total - done - dead)
  const { slots } = system.parts
  return {
    state,
    states,
    workers,
    done,
    dead,
    total,
    ratePerMinute,
    etaMs: left === 0 ? 0 : ratePerMinute > 0 ? (left / ratePerMinute) * 60_000 : null,
    slots: { limit: slots.limit, used: slots.used, queued: slots.queued, groups: slots.groups },
  }
}
