/** One worker as the program has it: its status, and a reference to ask and to tell. */
import type { OpenSystem } from '../actors/system/contract.js'
import { leading } from '../actors/system/instances.js'
import { statusOf, statusOfOne, type WorkerStatus } from '../actors/system/status.js'
import type { ManagedWorker } from '../actors/worker/worker.js'
import { isInstance } from '../instance-ids.js'
import type { AnyMessages, MessageTypes, WorkerRef } from '../threads/messages/contract.js'
import { refer } from '../threads/messages/reference.js'
import type { Lifetime } from './lifetime.js'
import type { OpenCalls } from './open-calls.js'

/** What `drover.worker(id)` gives. */
export interface WorkerHandle<Messages extends MessageTypes<Messages> = AnyMessages> extends WorkerRef<Messages> {
  /** The worker's current status. */
  status(): WorkerStatus
}

/** @param own the worker, or all its instances: messages go to the one that is most at work */
export function workerHandle(
  { system, lifetime, uses }: { system: OpenSystem; lifetime: Lifetime; uses: OpenCalls },
  id: string,
  own: readonly ManagedWorker[],
): WorkerHandle {
  const { ask, tell } = refer(system.parts.introductions.program, leading(own).id)
  return {
    id,
    status: () => (isInstance(id) ? statusOfOne(system, own[0] as ManagedWorker) : statusOf(system, system.declared.get(id) ?? own)),
    async ask(...sent) {
      lifetime.assertOpen()
      return uses.during(ask(...sent))
    },
    tell(...sent) {
      const told = (async () => {
        lifetime.assertOpen()
        return uses.during(tell(...sent))
      })()
      // Whoever does not wait for it learns of dead letters by the event.
      told.catch(() => {})
      return told
    },
  }
}
