import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { ReadonlyDeep } from '../../readonly-deep.js'
import type { Amounts } from '../../store/contract/quotas.js'
import type { Stored, TypedWorker } from '../../typed-worker.js'
import { read } from '../../values/plain.js'
import type { WorkerContext } from './context/contract.js'
import { type AnyHandlers, checkReceive } from './receive.js'

/** One item to be done by one lane. */
export interface Task<Data = unknown> {
  /** The item's key in its dataset. */
  key: string
  dataset: string
  data: Data
  /** The number of this attempt, from 1. */
  attempt: number
}

/**
 * A worker module's default export, as its author writes it. `defineWorker` takes the types from what is written; the first four
 * parameters give them by hand.
 */
export interface WorkerDefinition<
  Data = unknown,
  Result = unknown,
  State = unknown,
  Input = unknown,
  DataSchema = StandardSchemaV1<unknown, Data>,
  ResultSchema = StandardSchemaV1<unknown, Result>,
  InputSchema = StandardSchemaV1<unknown, Input>,
> {
  /**
   * Schema of a task's data; a task that does not fit is dead. Any Standard Schema (valibot, zod, arktype). `process` gets the
   * schema's output.
   */
  input?: DataSchema
  /**
   * Schema of a result; an attempt whose result does not fit fails. `process` returns the schema's input; its output is stored.
   */
  output?: ResultSchema
  /**
   * Schema of the worker's option `input`; `ctx.input` is the schema's output. A worker whose input does not fit is stopped, as by
   * `ctx.decline`, with the places that do not fit.
   */
  workerInput?: InputSchema
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
  /**
   * Handles messages, one function for each: beside `process` or `run`, or instead of them. A worker that only receives runs until
   * it is stopped, and keeps no run from being done. The type
   * `Handlers` gives the types of an interface of messages.
   */
  receive?: AnyHandlers<State, Input>
  /** Runs once after the last task, when the thread ends in order. */
  teardown?: (ctx: WorkerContext<State, Input>) => unknown
}

const brand = Symbol.for('drover.worker')

/**
 * The result of {@link defineWorker}: what an item of its dataset is, what of a result is stored, and what its option `input`
 * takes. `ItemOf`, `ResultOf` and `InputOf` read them.
 */
export interface DefinedWorker<Item = unknown, Value = unknown, Input = unknown> extends WorkerDefinition, TypedWorker<Item, Value, Input> {
  readonly [brand]: true
}

/** One side of a schema. Where the schema says nothing of it, the type is another one. */
type Side<Schema extends StandardSchemaV1, Which extends 'input' | 'output', Otherwise> =
  unknown extends SideOf<Schema, Which> ? Otherwise : SideOf<Schema, Which>
type SideOf<Schema extends StandardSchemaV1, Which extends 'input' | 'output'> = NonNullable<Schema['~standard']['types']>[Which]

/**
 * Declares a worker: the one default export of a worker module. With schemas the types come from them: `process` gets the output
 * of `input` and returns what `output` takes. Without, they come from the type parameters, or from what `process` takes and
 * returns, and nothing checks them at run time.
 *
 * @throws TypeError if there is none of `process`, `run` and `receive`, or both of the first two
 * @example
 * interface Review {
 *   text: string
 * }
 *
 * export default defineWorker<Review, { label: string }>({
 *   process: (task) => ({ label: task.data.text.includes('good') ? 'positive' : 'negative' }),
 * })
 */
export function defineWorker<
  Data = unknown,
  Result = unknown,
  State = unknown,
  Input = unknown,
  DataSchema extends StandardSchemaV1 = StandardSchemaV1<unknown, Data>,
  ResultSchema extends StandardSchemaV1 = StandardSchemaV1<unknown, Result>,
  InputSchema extends StandardSchemaV1 = StandardSchemaV1<unknown, Input>,
  // A constant: what is returned keeps its literals, which the schema may ask for.
  const Returned extends ReadonlyDeep<Side<ResultSchema, 'input', Result>> = ReadonlyDeep<Side<ResultSchema, 'input', Result>>,
>(
  definition: WorkerDefinition<
    Side<DataSchema, 'output', Data>,
    Returned,
    State,
    Side<InputSchema, 'output', Input>,
    DataSchema,
    ResultSchema,
    InputSchema
  >,
): DefinedWorker<Side<DataSchema, 'input', Data>, Stored<Side<ResultSchema, 'output', Returned>>, Side<InputSchema, 'input', Input>> {
  const { process, run, receive } = definition ?? {}
  const functions = [process, run].filter((each) => typeof each === 'function').length
  if (functions === 2 || (functions === 0 && receive === undefined)) {
    throw new TypeError('defineWorker takes either process(task, ctx) or run(ctx), a function, or receive alone')
  }
  if (receive !== undefined) checkReceive(receive)
  const defined: object = Object.assign({ ...definition }, { [brand]: true })
  return defined as DefinedWorker<never, never, never>
}

/** Whether a value was made by {@link defineWorker}, of this or another copy of drover. */
export function isDefinedWorker(value: unknown): value is DefinedWorker {
  return typeof value === 'object' && read(value, brand) === true
}
