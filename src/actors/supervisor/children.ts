import { isSupervisor, nodeId, type SupervisorNode, someWorker, type TreeNode } from '../../options/tree.js'
import type { SupervisedWorker, SupervisorContext, SupervisorRef } from './contract.js'

/**
 * Its children that run, should run, or have run to their end: these start when the supervisor is started again. A supervisor
 * that is up comes up again, in any state of its workers.
 */
export function running({ node, effects, refs, down }: SupervisorContext): string[] {
  const concerned = (child: TreeNode): boolean =>
    isSupervisor(child) ? (refs[child.id] as SupervisorRef).getSnapshot().value !== 'down' : takesPart(effects.worker(child.worker))
  return node.children.filter((child) => concerned(child) || nodeId(child) === down?.child).map(nodeId)
}

/** Whether a supervisor, or one above it, brings this worker down. */
export function isTakenDown(worker: SupervisedWorker, { sequence, parent }: Pick<SupervisorContext, 'sequence' | 'parent'>): boolean {
  return sequence?.includes(worker) || (parent !== null && isTakenDown(worker, parent.getSnapshot().context))
}

/** Whether a supervisor in between has gone down by itself: a worker that had run to its end there ended with it. */
export function isBelowDown({ node, refs }: Pick<SupervisorContext, 'node' | 'refs'>, worker: string): boolean {
  const between = node.children.find((child) => isSupervisor(child) && someWorker(child, (id) => id === worker))
  if (!between) return false
  const snapshot = (refs[nodeId(between)] as SupervisorRef).getSnapshot()
  return snapshot.value === 'down' || isBelowDown(snapshot.context, worker)
}

export function takesPart(worker: SupervisedWorker): boolean {
  return worker.phase !== 'down' || worker.hasRun
}

export function halt(refs: SupervisorContext['refs'], child: SupervisorNode, then: 'up' | 'down', why: string): void {
  const ref = refs[child.id] as SupervisorRef
  ref.send({ type: 'HALT', then, why })
}
