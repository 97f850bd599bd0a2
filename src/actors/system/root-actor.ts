/**
 * The root actor: owns the monitor and the topmost supervisor, and knows whether the system is open, closing, closed or failed.
 */
import { setup } from 'xstate'
import type { SupervisorNode, TreeNode } from '../../options/tree.js'
import { monitor } from '../../threads/heartbeat/monitor.js'
import type { SupervisionEffects } from '../supervisor/contract.js'
import { supervisor } from '../supervisor/supervisor.js'

export interface SystemInput {
  root: SupervisorNode
  supervision: SupervisionEffects
  scanEveryMs: number
  silence: Map<string, number>
  now: () => number
}

export const system = setup({
  types: {
    input: {} as SystemInput,
    context: {} as SystemInput,
    events: {} as { type: 'CLOSE' } | { type: 'FAIL' } | { type: 'CLOSED' },
  },
  actors: { monitor, supervisor },
}).createMachine({
  id: 'system',
  context: ({ input }) => input,
  invoke: [
    {
      src: 'monitor',
      id: 'monitor',
      systemId: 'monitor',
      input: ({ context }) => ({ everyMs: context.scanEveryMs, now: context.now, silence: context.silence }),
    },
    {
      src: 'supervisor',
      id: 'supervisor',
      systemId: 'supervisor',
      input: ({ context }) => ({ node: context.root, effects: context.supervision, parent: null, vacant: true }),
    },
  ],
  initial: 'open',
  states: {
    open: { on: { CLOSE: 'closing', FAIL: 'failed' } },
    failed: { on: { CLOSE: 'closing' } },
    closing: { on: { CLOSED: 'closed' } },
    closed: { type: 'final' },
  },
})

/** The system's own supervisor. */
export function rootNode({ tree }: { tree: TreeNode[] }): SupervisorNode {
  const intensity = { restarts: Number.POSITIVE_INFINITY, withinMs: 1 }
  return { id: 'system', strategy: 'one-for-one', intensity, mode: 'permanent', significant: false, autoShutdown: 'never', children: tree }
}
