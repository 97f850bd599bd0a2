import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { Amounts } from '../../store/contract/quotas.js'
import { read } from '../../values/plain.js'
import type { WorkerContext } from './context/contract.js'

/** One item to be done by one lane. */
export interface Task<Data = unknown> {
  /** The item's key in its dataset. */
  key: string
  dataset: string
  data: Data
  /** The number of this attempt, from 1. */
  attempt: number
}

/** A worker module's default export, as its author writes it. */
export interface WorkerDefinition<Data = unknown, Result = unknown, State = unknown, Input = unknown> {
  /**
   * Schema of a task's data; a task that does not fit is dead. Any Standard Schema (valibot, zod, arktype). `process` gets the
   * schema's output.
   */
  input?: StandardSchemaV1<unknown, Data>
  /** Schema of a result; an attempt whose result does not fit fails. The schema's output is stored. */
  output?: StandardSchemaV1<unknown, Result>
  /**
   * The estimate for a task, by unit of the worker's quota; overrides the option `quota.amounts`, unit by unit. `requests` is 1
   * unless given. A task that could never be granted is dead at once. Called with the task's data as loaded.
   */
  estimate?: (task: Task<Data>) => Amounts
  /** Runs once before the first task; the start timeout applies. Its result is `ctx.state`. */
  setup?: (ctx: WorkerContext<undefined, Input>) => State | Promise<State>
  /** Does one task. Its result is stored as JSON, exactly once. */
  process?: (task: Task<Data>, ctx: WorkerContext<State, Input>) => Result | Promise<Result>
  /** Instead of `process`: your own loop. When it returns, the worker is completed. */
  run?: (ctx: WorkerContext<State, Input>) => unknown
  /** Runs once after the last task, when the thread ends in order. */
  teardown?: (ctx: WorkerContext<State, Input>) => unknown
}

const brand = Symbol.for('drover.worker')

/** The result of {@link defineWorker}. */
export type DefinedWorker = WorkerDefinition & { readonly [brand]: true }

/**
 * Declares a worker: the one default export of a worker module.
 *
 * @throws TypeError if there is neither `process` nor `run`, or both
 * @example
 * interface Review {
 *   text: string
 * }
 *
 * export default defineWorker<Review, { label: string }>({
 *   process: (task) => ({ label: task.data.text.includes('good') ? 'positive' : 'negative' }),
 * })
 */
export function defineWorker<Data = unknown, Result = unknown, State = unknown, Input = unknown>(
  definition: WorkerDefinition<Data, Result, State, Input>,
): DefinedWorker {
  const { process, run } = definition ?? {}
  if ((typeof process === 'function') === (typeof run === 'function')) {
    throw new TypeError('defineWorker takes either process(task, ctx) or run(ctx), a function')
  }
  return Object.assign({ ...definition }, { [brand]: true as const }) as unknown as DefinedWorker
}

/** Whether a value was made by {@link defineWorker}, of this or another copy of drover. */
export function isDefinedWorker(value: unknown): value is DefinedWorker {
  return typeof value === 'object' && read(value, brand) === true
}
