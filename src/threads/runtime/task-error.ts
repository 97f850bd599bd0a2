import { argumentError, checkFlag, checkName, duration } from '../../validation/arguments.js'
import { checkOptions } from '../../validation/filters.js'

/** The options of a {@link TaskError}: what happens to the task. */
export interface TaskErrorOptions {
  /** Whether another attempt makes sense. @defaultValue true */
  retry?: boolean
  /**
   * Wait before the next attempt, in ms, 0 to a year. @defaultValue the task backoff, by the number of failures, or with
   * `release` by the number of returns
   */
  retryInMs?: number
  /**
   * Gives the task back without counting an attempt, for example because the provider refused for now. The task goes behind the
   * others, after a wait that grows each time. @defaultValue false
   */
  release?: boolean
  /** @defaultValue the code */
  message?: string
  cause?: unknown
}

const taskErrorBrand = Symbol.for('drover.task-error')

/** Thrown from `process`: the task failed, the worker did not. */
export class TaskError extends Error {
  override readonly name = 'TaskError'
  readonly code: string
  readonly retry: boolean
  readonly retryInMs: number | null
  readonly release: boolean

  /** @throws DroverError ARGUMENT_INVALID, which then fails the attempt */
  constructor(code: string, options: TaskErrorOptions = {}) {
    checkName('TaskError: code', code)
    const {
      message = code,
      retry = true,
      retryInMs,
      release = false,
    } = checkOptions('TaskError: options', options, ['message', 'retry', 'retryInMs', 'release', 'cause'])
    if (typeof message !== 'string') throw argumentError('TaskError: message', 'a text', message)
    super(message, 'cause' in options ? { cause: options.cause } : undefined)
    this.code = code
    this.retry = checkFlag('TaskError: retry', retry)
    const waits = retryInMs ?? null
    this.retryInMs = waits === null ? null : duration('TaskError: retryInMs', waits)
    this.release = checkFlag('TaskError: release', release)
    Object.defineProperty(this, taskErrorBrand, { value: true })
  }

  /** Whether a value is a TaskError, of this or another copy of drover. */
  static is(value: unknown): value is TaskError {
    return typeof value === 'object' && value !== null && taskErrorBrand in value
  }
}
