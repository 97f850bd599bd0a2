import type { RestartMode } from './restart.js'

/**
 * Who is restarted with a child that failed: nobody else, everybody, or those after it.
 */
export type SupervisorStrategy = 'one-for-one' | 'one-for-all' | 'rest-for-one'

/** At the end of which significant children a supervisor shuts itself down. */
export type AutoShutdown = 'never' | 'any-significant' | 'all-significant'

/** So many restarts of children within so long are tolerated; one more and the supervisor gives up. */
export interface RestartIntensity {
  /** Over all children. At least 0. @defaultValue 3 */
  restarts?: number
  /**
   * The window slides and is inclusive, as in OTP. In whole milliseconds, at least 1. The time that a child had to wait (in backoff, or
   * for its siblings) is left out of it, so that giving up stays reachable however long the waits. @defaultValue 5_000
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
  /** In the order of starting. */
  children: TreeNode[]
}

/** A worker as its supervisor sees it. */
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

/** The workers of a node, in the order of starting. */
export function workersOf(node: TreeNode): string[] {
  return isSupervisor(node) ? node.children.flatMap(workersOf) : [node.worker]
}
