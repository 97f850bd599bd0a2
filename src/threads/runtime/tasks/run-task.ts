/** The running tasks: each begins with a lease and ends once, with a JSON result or an error. */

import type { QuotaClient, QuotaLease } from '../../../quotas/client.js'
import { duration } from '../../../values/duration.js'
import { deepestJson, isTooDeep } from '../../../values/json-depth.js'
import { keptByJson, lossIn, whyNotJson } from '../../../values/json-loss.js'
import type { BeatCell } from '../../heartbeat/beats.js'
import type { WorkerBoot } from '../../protocol/messages.js'
import type { TasksInHand } from '../../protocol/tasks-in-hand.js'
import { TaskContext } from '../context/task-context.js'
import type { Context } from '../context/worker-context.js'
import type { DefinedWorker } from '../define-worker.js'
import { TaskError } from '../task-error.js'
import { fits } from './fit-schema.js'
import type { Lease } from './lease.js'

export interface RunDeps {
  boot: WorkerBoot
  definition: DefinedWorker
  quotas: QuotaClient
  beats: BeatCell
  inHand: TasksInHand
  context: Context
}

interface RunEvents {
  /** A task begins while none ran. */
  begins(): void
  /** The task has ended. Its outcome follows, unless the thread is about to end. */
  ended(task: Running): void
  completed(task: Running, json: string): void
  failed(task: Running, thrown: unknown): void
  /** Tasks have ended outside the loop's turn; others may begin. */
  free(): void
}

export interface Running {
  lease: Lease
  /** What it was granted. */
  quota: QuotaLease | null
  cell: number
  context: TaskContext
  startedAt: number
  timer: NodeJS.Timeout | null
}

export class RunningTasks {
  readonly #deps: RunDeps
  readonly #events: RunEvents
  readonly #process: NonNullable<DefinedWorker['process']>
  readonly #running = new Set<Running>()
  #aborted = false

  constructor(deps: RunDeps, events: RunEvents) {
    this.#deps = deps
    this.#events = events
    this.#process = deps.definition.process as NonNullable<DefinedWorker['process']>
  }

  get size(): number {
    return this.#running.size
  }

  get isAborted(): boolean {
    return this.#aborted
  }

  /** Outcomes of tasks that end after this are not reported. */
  abort(reason: unknown): void {
    this.#aborted = true
    for (const task of this.#running) task.context.abort(reason)
  }

  run(lease: Lease, quota: QuotaLease | null): void {
    const { boot, beats, inHand, context, definition } = this.#deps
    if (this.#running.size === 0) this.#events.begins()
    const task: Running = {
      lease,
      quota,
      cell: inHand.working(lease.token),
      context: new TaskContext(context, lease.attempt, quota),
      startedAt: performance.now(),
      timer: null,
    }
    this.#running.add(task)
    if (quota) beats.calls(this.#placeOf(quota), 1)
    if (boot.tasks.timeoutMs > 0) task.timer = setTimeout(() => this.#timeOut(task), boot.tasks.timeoutMs)
    try {
      const data: unknown = JSON.parse(lease.data)
      const returned =
        definition.input || definition.output
          ? this.#processFitted(task, data)
          : this.#process({ key: lease.key, dataset: boot.dataset as string, data, attempt: lease.attempt }, task.context)
      if (isPromise(returned)) {
        returned.then(
          (value) => {
            this.#complete(task, value)
            this.#events.free()
          },
          (error: unknown) => {
            this.#fail(task, error)
            this.#events.free()
          },
        )
      } else {
        this.#complete(task, returned)
      }
    } catch (error) {
      this.#fail(task, error)
    }
    beats.progress()
  }

  async #processFitted(task: Running, data: unknown): Promise<unknown> {
    const { boot, definition } = this.#deps
    const input = definition.input ? await fits(definition.input, data, 'TASK_INPUT_INVALID') : data
    const made = await this.#process(
      { key: task.lease.key, dataset: boot.dataset as string, data: input, attempt: task.lease.attempt },
      task.context,
    )
    return definition.output ? fits(definition.output, made, 'TASK_OUTPUT_INVALID') : made
  }

  #complete(task: Running, value: unknown): void {
    const result = value === undefined ? null : value
    let json: string
    try {
      json = JSON.stringify(result)
      const loss = lossIn(result)
      if (loss !== null) {
        this.#notJson(task, `${loss}; ${keptByJson}`)
        return
      }
    } catch (cause) {
      this.#notJson(task, whyNotJson(result, cause), cause)
      return
    }
    if (isTooDeep(json)) {
      this.#fail(task, new TaskError('RESULT_TOO_DEEP', { message: `the result is nested deeper than ${deepestJson} levels` }))
      return
    }
    if (this.#end(task)) this.#events.completed(task, json)
  }

  #notJson(task: Running, why: string, cause?: unknown): void {
    const message = `the result cannot be written as JSON: ${why}`
    this.#fail(task, new TaskError('RESULT_NOT_JSON', { retry: false, message, ...(cause !== undefined && { cause }) }))
  }

  #fail(task: Running, thrown: unknown): void {
    if (this.#end(task)) this.#events.failed(task, thrown)
  }

  #timeOut(task: Running): void {
    if (!this.#running.has(task)) return
    const error = new TaskError('TASK_TIMEOUT', { message: `not done after ${duration(this.#deps.boot.tasks.timeoutMs)}` })
    task.context.abort(error)
    this.#fail(task, error)
    this.#events.free()
  }

  /** Removes a task from the running ones; false if it had ended before, or the thread is about to end. */
  #end(task: Running): boolean {
    if (!this.#running.delete(task)) return false
    if (task.timer) clearTimeout(task.timer)
    if (task.quota) this.#endCall(task, task.quota)
    this.#events.ended(task)
    return !this.#aborted
  }

  #endCall(task: Running, quota: QuotaLease): void {
    const { quotas, context, beats } = this.#deps
    beats.calls(this.#placeOf(quota), -1)
    task.context.end()
    if (!quotas.isInFlight(quota)) return
    quotas.settle(quota, {}).catch((error: Error) => context.log.warn(`a call could not be settled: ${error.message}`))
  }

  #placeOf({ quota }: QuotaLease): number {
    return this.#deps.boot.quota?.choices.indexOf(quota) ?? 0
  }
}

function isPromise(value: unknown): value is Promise<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
}
