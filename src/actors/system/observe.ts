/** Makes status out of what the main thread has in memory. */
import type { ActorRefFrom } from 'xstate'
import type { WorkerState } from '../../machines/lifecycle/states.js'
import { isSupervisor, type TreeNode } from '../../options/tree.js'
import { supervisorAddress } from '../supervisor/contract.js'
import type { supervisor } from '../supervisor/supervisor.js'
import type { ManagedWorker } from '../worker/worker.js'
import type { OpenSystem } from './opened.js'
import type { SystemStatus, SystemSums, TreeStatus, WorkerGlance, WorkerStatus } from './status.js'

export function statusOf({ parts, silence }: OpenSystem, managed: ManagedWorker): WorkerStatus {
  const { config, memory, state } = managed
  const counts = parts.lanes.get(config.id)
  const holder = managed.holder
  const ratePerMinute = parts.lanes.ratePerMinute(config.id)
  const failuresPerMinute = managed.errors.perMinute
  return {
    id: config.id,
    annotator: config.annotator,
    domain: config.domain,
    dataset: config.dataset,
    quotas: [...(config.quota?.choices ?? [])],
    enabled: config.enabled,
    state,
    activity: managed.activity,
    reason: memory.reason,
    since: managed.since,
    progress: counts && { done: counts.done, dead: counts.dead, total: counts.total, leased: counts.leased, retrying: counts.retrying },
    ratePerMinute,
    failuresPerMinute,
    errorRate: failuresPerMinute + ratePerMinute > 0 ? failuresPerMinute / (failuresPerMinute + ratePerMinute) : null,
    lastError: managed.errors.last,
    breaker: managed.breaker,
    beatAgeMs: managed.thread === null ? null : (silence.get(config.id) ?? 0),
    pid: managed.pid,
    threadId: managed.threadId,
    heapUsed: managed.heapUsed,
    restarts: memory.restartCount,
    lastFailure: memory.lastFailure,
    until: memory.until,
    heldBy: holder && { pid: holder.pid, hostname: holder.hostname, since: holder.since },
  }
}

/** The same without what takes the most time. */
export function glanceOf({ parts }: OpenSystem, managed: ManagedWorker): WorkerGlance {
  const { config, memory, state, breaker, holder } = managed
  const counts = parts.lanes.get(config.id)
  return {
    id: config.id,
    quotas: config.quota?.choices ?? noQuotas,
    state,
    reason: memory.reason,
    progress: counts,
    ratePerMinute: parts.lanes.ratePerMinute(config.id),
    breaker,
    until: memory.until,
    heldBy: holder,
  }
}

const noQuotas: string[] = []

export function systemStatus(system: OpenSystem, state: SystemStatus['state']): SystemStatus {
  const workers = [...system.managed.values()].map((managed) => statusOf(system, managed))
  return { workers, ...sumsOf(system, state, workers) }
}

export function sumsOf(
  { parts: { slots } }: OpenSystem,
  state: SystemStatus['state'],
  workers: Iterable<Pick<WorkerStatus, 'state' | 'progress' | 'ratePerMinute'>>,
): SystemSums {
  const states: Partial<Record<WorkerState, number>> = {}
  let [done, dead, total, ratePerMinute] = [0, 0, 0, 0]
  for (const worker of workers) {
    states[worker.state] = (states[worker.state] ?? 0) + 1
    done += worker.progress?.done ?? 0
    dead += worker.progress?.dead ?? 0
    total += worker.progress?.total ?? 0
    ratePerMinute += worker.ratePerMinute
  }
  const left = Math.max(0, total - done - dead)
  return {
    state,
    states,
    done,
    dead,
    total,
    ratePerMinute,
    etaMs: left === 0 ? 0 : ratePerMinute > 0 ? (left / ratePerMinute) * 60_000 : null,
    slots: { limit: slots.limit, used: slots.used, queued: slots.queued, groups: slots.groups },
  }
}

/** The topmost of the supervisors that are down. */
export function* supervisorsDown(
  system: OpenSystem,
  nodes: readonly TreeNode[] = system.tree.root,
): Generator<{ supervisor: string; reason: string }> {
  for (const node of nodes) {
    if (!isSupervisor(node)) continue
    const { state, reason } = system.supervisors.get(node.id) ?? { state: 'up', reason: '' }
    if (state === 'down') yield { supervisor: node.id, reason }
    else yield* supervisorsDown(system, node.children)
  }
}

export function treeStatus(system: OpenSystem, nodes: readonly TreeNode[] = system.tree.root): TreeStatus[] {
  return nodes.map((node) => {
    if (!isSupervisor(node)) return { worker: node.worker, state: (system.managed.get(node.worker) as ManagedWorker).state }
    const { state, reason, since } = system.supervisors.get(node.id) ?? { state: 'up', reason: 'declared', since: 0 }
    const ref = system.root.system.get(supervisorAddress(node.id)) as ActorRefFrom<typeof supervisor> | undefined
    const { restarts: limit, withinMs } = node.intensity
    // None once the system is closed.
    const count = ref?.getSnapshot().context.window.count(performance.now()) ?? 0
    const { id, strategy, children } = node
    return { supervisor: id, strategy, state, reason, since, restarts: { count, limit, withinMs }, children: treeStatus(system, children) }
  })
}
