/** The supervision tree, as it is shown. */
import * as v from 'valibot'
import { count, time } from './common.js'
import { workerState } from './worker.js'

/** A supervisor and what is below it, in the order of starting. Times are ms since the epoch. */
export interface SupervisorNode {
  supervisor: string
  strategy: string
  state: string
  reason: string
  since: number
  /** `limit` is null for the root, which never gives up. */
  restarts: { count: number; limit: number | null; withinMs: number }
  children: TreeNode[]
}
/** A node of the supervision tree: a supervisor with its children, or a worker by its id. */
export type TreeNode = SupervisorNode | { worker: string; state: v.InferOutput<typeof workerState> }

/** What changed in the tree: by the name of a supervisor or a worker, its changed fields, without `children`. */
export type TreePatch = Record<string, Partial<Omit<SupervisorNode, 'supervisor' | 'children'>>>

export const treeNode: v.GenericSchema<TreeNode> = v.union([
  v.object({
    supervisor: v.string(),
    strategy: v.string(),
    state: v.string(),
    reason: v.string(),
    since: time,
    restarts: v.object({ count, limit: v.nullable(count), withinMs: count }),
    children: v.array(v.lazy(() => treeNode)),
  }),
  v.object({ worker: v.string(), state: workerState }),
])
