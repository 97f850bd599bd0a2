/** Handles a thread's end: the failure with its evidence, the tasks in hand, and their events. */
import type { ErrorRecord } from '../../errors.js'
import type { Evidence, Failure, FailureKind } from '../../failure.js'
import { stackText } from '../../logs/stack-text.js'
import type { Thread, ThreadEnd, ThreadFailure } from '../../threads/isolation/worker-thread.js'
import type { WorkerCore } from './core.js'
import type { Registration } from './registration.js'

/** Number of a worker's last log lines in a failure. */
const evidenceLines = 10

/** @param uptimeMs how long the thread was up; null: never */
export function failureOf(
  worker: WorkerCore,
  kind: FailureKind,
  error: ErrorRecord | null,
  uptimeMs: number | null,
  more: Partial<Failure> = {},
): Failure {
  return worker.parts.redact<Failure>({
    kind,
    message: error?.message ?? kind,
    error,
    exitCode: null,
    hungAt: null,
    evidence: null,
    tasks: [],
    uptimeMs,
    at: worker.now(),
    ...more,
  })
}

/** @param heapUsed at the last beat */
export function evidenceOf(worker: WorkerCore, { eventLoopUtilization, files }: ThreadFailure, heapUsed: number | null): Evidence {
  const { annotator, domain } = worker.config
  const lines = worker.parts.logs.recent({ part: 'worker', annotator, domain, limit: evidenceLines })
  const log = lines.map(({ at, level, message, fields }) => {
    const more = fields === null ? '' : ` ${JSON.stringify(fields)}`
    return `${new Date(at).toISOString()} ${level} ${message}${more}`
  })
  return { eventLoopUtilization, heapUsed, log, files }
}

/** Returns the thread's leases. The failure gets the tasks in work. */
export async function abandonTasks(
  worker: WorkerCore,
  registration: Registration,
  abandoned: ThreadEnd['abandoned'],
  failure: Failure | null,
): Promise<void> {
  const { id, config, parts } = worker
  const { store, lanes, publish } = parts
  const { fence } = registration
  if (fence === null) return
  const error: ErrorRecord = failure?.error ?? { name: 'Error', message: failure?.message ?? 'stopped' }
  const { poisonAfter, maxAttempts } = config.tasks
  const request = {
    worker: id,
    fence,
    abandoned,
    error: { ...error, ...(failure && { code: error.code ?? failure.kind }) },
    poisonAfter,
    maxAttempts,
  }
  await registration.returnLeases(async () => {
    const reply = await store.client.call('abandon', request)
    if (failure && reply.working.length > 0) {
      failure.tasks.push(...reply.working)
      worker.keep(worker.memory)
    }
    if (reply.counts) lanes.update([reply.counts])
    for (const key of reply.poisoned) publish('task:poison:quarantined', { worker: id, key, at: worker.now() })
  })
}

/** Adds V8's files of the ended thread to the evidence. */
export async function collectFiles(worker: WorkerCore, { pid, threadId }: Thread, failure: Failure | null): Promise<void> {
  const files = (await worker.parts.evidence?.collect(pid, threadId ?? 0, worker.id, failure?.kind ?? null)) ?? []
  if (files.length === 0 || !failure?.evidence) return
  failure.evidence.files.push(...files)
  worker.keep(worker.memory)
}

export function publishFailure({ id, parts, log }: WorkerCore, failure: Failure): void {
  parts.publish('worker:failure:recorded', { worker: id, failure })
  const { kind, message, error, hungAt, tasks, evidence } = failure
  const files = evidence?.files ?? []
  log.error(`${kind}: ${message}${stackText(error)}`, {
    ...(hungAt && { hungAt }),
    ...(tasks.length > 0 && { tasks }),
    ...(files.length > 0 && { files }),
  })
}
