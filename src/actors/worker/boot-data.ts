/** The boot data of a thread, and what a life needs before it can begin. */
import type { CompiledWorker } from '../../options/compiled.js'
import { filledPolicy } from '../../options/restart-policies.js'
import type { Fence } from '../../store/contract/basics.js'
import { checkCrashFolders, crashFolders } from '../../threads/isolation/crash-file.js'
import type { ThreadOptions } from '../../threads/isolation/worker-thread.js'
import type { BreakerMemory } from './breaker-memory.js'
import type { WorkerCore } from './core.js'

/** The worker's options that a thread keeps for its whole life. */
export function bornWith({ restart, priority, group, enabled, target, drainMs, idleMs, ...rest }: CompiledWorker): object {
  return { ...rest, permanent: filledPolicy(restart).mode === 'permanent' }
}

/** @throws DroverError HOST_SHORT if a worker is to have a process, and none could be started here */
export function checkIsolation(workers: readonly CompiledWorker[], store: string): void {
  if (workers.some(({ isolation }) => isolation === 'process')) checkCrashFolders(crashFolders(store))
}

export function bootOf({ config: worker, parts }: WorkerCore, fence: Fence, breaker: BreakerMemory): ThreadOptions['boot'] {
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
    mailbox: worker.mailbox,
    snapshotNearHeapLimit: parts.evidence?.nearHeapLimit(worker.isolation) ?? false,
    permanent: filledPolicy(worker.restart).mode === 'permanent',
    quota: worker.quota,
    host: parts.host.id,
    tasks: worker.tasks,
    breaker: breaker.boot,
    logLevel: parts.logs.level,
    secrets: parts.secrets,
  }
}
