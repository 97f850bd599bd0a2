/** A worker's status as it is shown. */
import type * as v from 'valibot'
import type { TreeStatus, WorkerStatus } from '../../actors/system/status.js'
import type { SystemView, WorkerSettings } from '../../actors/system/view.js'
import type { DroverEvents } from '../../events/event-map.js'
import type { Failure } from '../../failure.js'
import type { StoredEvent } from '../../store/contract/reads.js'
import type { Beat, transition, Worker, WorkerDetail } from '../contract/worker.js'

type Instance = NonNullable<Worker['instances']>[number]

export type Rates = Pick<WorkerStatus, 'ratePerMinute' | 'failuresPerMinute' | 'errorRate'>

/**
 * Written field by field: a rest pattern would take ten times as long, and there may be thousands of workers.
 *
 * @param rates the displayed rates, instead of the current ones
 */
export function presentWorker(status: WorkerStatus, rates: Rates = status): Worker {
  const { lastFailure } = status
  return {
    id: status.id,
    annotator: status.annotator,
    domain: status.domain,
    dataset: status.dataset,
    enabled: status.enabled,
    state: status.state,
    activity: status.activity,
    reason: status.reason,
    since: status.since,
    progress: status.progress,
    ratePerMinute: rates.ratePerMinute,
    failuresPerMinute: rates.failuresPerMinute,
    errorRate: rates.errorRate,
    lastError: status.lastError,
    breaker: status.breaker,
    pid: status.pid,
    threadId: status.threadId,
    beatEveryMs: status.beatEveryMs,
    restarts: status.restarts,
    lastFailure: lastFailure && { kind: lastFailure.kind, message: lastFailure.message, at: lastFailure.at },
    until: status.until,
    heldBy: status.heldBy,
    instances: status.instances?.map(presentInstance) ?? null,
  }
}

function presentInstance({ id, state, activity, reason, since, pid, threadId, restarts, until }: WorkerStatus): Instance {
  return { id, state, activity, reason, since, pid, threadId, restarts, until }
}

/** Beats of the workers with a thread, by id. */
export function presentBeats(view: SystemView): Record<string, Beat> {
  return Object.fromEntries(
    view.live().flatMap((id) => {
      const worker = view.worker(id)
      return worker && worker.beatAgeMs !== null ? [[id, presentBeat(worker)]] : []
    }),
  )
}

function presentBeat({ beatAgeMs, heapUsed }: WorkerStatus): Beat {
  return { beatAgeMs, heapUsed }
}

/** @param history its changes of state, newest first */
export function presentWorkerDetail(
  status: WorkerStatus,
  settings: WorkerSettings,
  tree: readonly TreeStatus[],
  history: readonly StoredEvent[],
  failures: readonly { failure: Failure }[],
): WorkerDetail {
  return {
    ...presentWorker(status),
    ...presentBeat(status),
    history: history.map(transitionOf),
    failures: failures.map(({ failure }) => failure),
    quotas: status.quotas,
    settings,
    above: supervisorsAbove(tree, status.id) ?? [],
  }
}

/** @param event a `worker:state:changed` */
export function transitionOf({ payload }: StoredEvent): v.InferOutput<typeof transition> {
  const { from, to, reason, at } = payload as DroverEvents['worker:state:changed']
  return { from, to, reason, at }
}

/** The supervisors above a worker, the nearest last; null: it is not among these nodes. */
function supervisorsAbove(nodes: readonly TreeStatus[], worker: string): string[] | null {
  for (const node of nodes) {
    if ('worker' in node) {
      if (node.worker === worker) return []
      continue
    }
    const above = supervisorsAbove(node.children, worker)
    if (above) return [node.supervisor, ...above]
  }
  return null
}
