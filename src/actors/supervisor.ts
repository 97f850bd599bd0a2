/**
 * A group of workers, one for one: starts their actors, passes on what they are told. Each worker's own policy decides on its
 * restarts.
 */
import { assign, setup } from 'xstate'
import type { LifecycleEvent, WorkerMemory, WorkerState } from '../machines/lifecycle-contract.js'
import { workerLifecycle } from '../machines/worker-lifecycle.js'
import type { CompiledWorker } from '../options.js'
import type { WorkerHands, WorkerRef } from './worker.js'

/** A worker on its way into a supervisor. */
export interface Child {
  config: CompiledWorker
  hands: WorkerHands
  restored: { state: WorkerState; memory: WorkerMemory } | null
}

export const supervisor = setup({
  types: {
    input: {} as { children: Child[]; drainMs: number },
    context: {} as { children: Child[]; drainMs: number; refs: Record<string, WorkerRef> },
    events: {} as { type: 'TELL'; worker: string; event: LifecycleEvent },
  },
  actors: { worker: workerLifecycle },
}).createMachine({
  id: 'supervisor',
  context: ({ input }) => ({ ...input, refs: {} }),
  entry: assign({
    refs: ({ context, spawn }) => {
      const refs: Record<string, WorkerRef> = {}
      for (const { config, hands, restored } of context.children) {
        if (refs[config.id]) continue
        const ref = spawn('worker', {
          id: config.id,
          input: {
            effects: hands,
            policy: config.restart,
            startTimeoutMs: config.heartbeat.startTimeoutMs,
            drainMs: context.drainMs,
            restored,
          },
        })
        hands.attach(ref)
        refs[config.id] = ref
      }
      return refs
    },
  }),
  on: {
    TELL: { actions: ({ context, event }) => context.refs[event.worker]?.send(event.event) },
  },
})
