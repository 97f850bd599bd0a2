/** One worker as the program has it: its status, and a reference to ask and to tell. */
import type { OpenSystem } from '../actors/system/contract.js'
import { statusOf, type WorkerStatus } from '../actors/system/status.js'
import type { ManagedWorker } from '../actors/worker/worker.js'
import type { AnyMessages, MessageTypes, WorkerRef } from '../threads/messages/contract.js'
import { refer } from '../threads/messages/reference.js'
import type { Lifetime } from './lifetime.js'
import type { OpenCalls } from './open-calls.js'

/** What `drover.worker(id)` gives. */
export interface WorkerHandle<Messages extends MessageTypes<Messages> = AnyMessages> extends WorkerRef<Messages> {
  /** The worker's current status. */
  status(): WorkerStatus
}

export function workerHandle(
  { system, lifetime, uses }: { system: OpenSystem; lifetime: Lifetime; uses: OpenCalls },
  managed: ManagedWorker,
): WorkerHandle {
  const { ask, tell } = refer(system.parts.introductions.program, managed.id)
  return {
    id: managed.id,
    status: () => statusOf(system, managed),
    async ask(...sent) {
      lifetime.assertOpen()
      return uses.during(ask(...sent))
    },
    async tell(...sent) {
      lifetime.assertOpen()
      return uses.during(tell(...sent))
    },
  }
}
