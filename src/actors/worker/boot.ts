/** The boot data of a thread. */
import type { CompiledWorker } from '../../options/compiled.js'
import { filledPolicy } from '../../options/policies.js'
import type { Fence } from '../../store/contract/basics.js'
import type { ThreadOptions } from '../../threads/isolation/worker-thread.js'
import type { WorkerCore } from './core.js'
import type { LaneBreaker } from './lane-breaker.js'

/** The worker's options that a thread keeps for its whole life. */
export function bornWith({ restart, priority, group, enabled, target, drainMs, idleMs, ...rest }: CompiledWorker): object {
  return { ...rest, permanent: filledPolicy(restart).mode === 'permanent' }
}

export function bootOf({ config: worker, parts }: WorkerCore, fence: Fence, breaker: LaneBreaker): ThreadOptions['boot'] {
  return {
    id: worker.id,
    annotator: worker.annotator,
    domain: worker.domain,
    dataset: worker.dataset,
    module: worker.module,
    input: worker.input,
    fence,
    heartbeat: worker.heartbeat,
    concurrency: worker.concurrency,
    prefetch: worker.prefetch,
    delayMs: worker.delayMs,
    recycle: worker.recycle,
    snapshotNearHeapLimit: parts.evidence?.nearHeapLimit ?? false,
    permanent: filledPolicy(worker.restart).mode === 'permanent',
    quota: worker.quota,
    host: parts.host.id,
    tasks: worker.tasks,
    breaker: breaker.boot,
    logLevel: parts.logs.level,
    secrets: parts.secrets,
  }
}
