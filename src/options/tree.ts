import type { RestartMode } from './restart.js'

/** Which children restart with a child that failed: none, all, or the children after it. */
export type SupervisorStrategy = 'one-for-one' | 'one-for-all' | 'rest-for-one'

/** The significant children whose end shuts a supervisor down. */
export type AutoShutdown = 'never' | 'any-significant' | 'all-significant'

/** How many restarts of children are allowed within a window. One more, and the supervisor gives up. */
export interface RestartIntensity {
  /** Over all children. At least 0. @defaultValue 3 */
  restarts?: number
  /**
   * Length of the sliding window in whole milliseconds, at least 1; inclusive as in OTP. Time in which a child waits (in backoff,
   * or for its siblings) does not count, so that long waits cannot prevent giving up. @defaultValue 5_000
   */
  withinMs?: number
}

/** A supervisor with its defaults filled in. */
export interface SupervisorNode {
  id: string
  strategy: SupervisorStrategy
  intensity: Required<RestartIntensity>
  mode: RestartMode
  significant: boolean
  autoShutdown: AutoShutdown
  /** Whether it is a worker, and its children are its instances: these do not wait for each other. */
  instances?: boolean
  /** In the order of starting. */
  children: TreeNode[]
}

/** A worker in the tree of supervisors. */
export interface WorkerNode {
  worker: string
  mode: RestartMode
  significant: boolean
}

export type TreeNode = SupervisorNode | WorkerNode

export function isSupervisor(node: TreeNode): node is SupervisorNode {
  return 'children' in node
}

export function nodeId(node: TreeNode): string {
  return isSupervisor(node) ? node.id : node.worker
}

/** Whether some worker of a node passes the test. */
export function someWorker(node: TreeNode, test: (worker: string) => boolean): boolean {
  return isSupervisor(node) ? node.children.some((child) => someWorker(child, test)) : test(node.worker)
}

/** The first worker of a node of which something holds. */
export function firstWorker(node: TreeNode, test: (worker: string) => boolean): string | null {
  if (!isSupervisor(node)) return test(node.worker) ? node.worker : null
  for (const child of node.children) {
    const found = firstWorker(child, test)
    if (found !== null) return found
  }
  return null
}

/** The workers of a node, in the order of starting. */
export function workersOf(node: TreeNode): string[] {
  return isSupervisor(node) ? node.children.flatMap(workersOf) : [node.worker]
}

/** The supervisors of a node, itself included. */
export function supervisorsIn(node: TreeNode): string[] {
  return isSupervisor(node) ? [node.id, ...node.children.flatMap(supervisorsIn)] : []
}

/** Whether it is a worker with its instances below it. */
export function isInstances(node: TreeNode): node is SupervisorNode {
  return isSupervisor(node) && node.instances === true
}
