/** The types of a worker, seen from outside: what it takes, and what the store keeps of what it makes. Nothing of it exists at run time. */

/** The types that the default export of a worker module carries. */
export interface WorkerTypes<Item = unknown, Value = unknown, Input = unknown> {
  item: Item
  value: Value
  input: Input
}

/** A worker as the main program knows it: `typeof sentiment`, after `import type sentiment from './sentiment.worker.js'`. */
export interface TypedWorker<Item = unknown, Value = unknown, Input = unknown> {
  /** Only for types; never there at run time. */
  readonly '~types'?: WorkerTypes<Item, Value, Input>
}

type TypesOf<Worker extends TypedWorker> = NonNullable<Worker['~types']>

/**
 * An item that a worker can do: what its schema `input` takes, or its `Data`. Of a union of workers: an item that all of them can
 * do.
 */
export type ItemOf<Worker extends TypedWorker> = (Worker extends unknown ? (item: TypesOf<Worker>['item']) => void : never) extends (
  item: infer Item,
) => void
  ? Item
  : never

/** A worker's result as the store keeps it: what its schema `output` makes, or what `process` returns. */
export type ResultOf<Worker extends TypedWorker> = TypesOf<Worker>['value']

/** The option `input` of a worker: what its schema `workerInput` takes, or its `Input`. */
export type InputOf<Worker extends TypedWorker> = TypesOf<Worker>['input']

/** The types of a system's datasets: the type of the worker that does the items of each; a union if several do. */
export type DatasetTypes = Record<string, TypedWorker>

/** The datasets that have types by name. Without types there are none: any name will do. */
export type DatasetName<Types extends DatasetTypes> = string extends keyof Types ? never : keyof Types & string

/** What JSON leaves out of an object, and writes as null elsewhere. */
type Unstored = undefined | symbol | ((...args: never[]) => unknown)

/** A value that was written as JSON and read again: a date is a text, what is undefined is left out. */
export type Stored<Value> = unknown extends Value
  ? unknown
  : Value extends { toJSON: (...args: never[]) => infer Json }
    ? Stored<Json>
    : Value extends string | number | boolean | null
      ? Value
      : // biome-ignore lint/suspicious/noConfusingVoidType: what a function without a result returns
        Value extends Unstored | void
        ? null
        : Value extends bigint | ReadonlyMap<unknown, unknown> | ReadonlySet<unknown>
          ? never
          : Value extends readonly unknown[]
            ? { -readonly [Index in keyof Value]: Stored<Value[Index]> }
            : { -readonly [Key in keyof Value as StoredKey<Key, Value[Key]>]: StoredPart<Value[Key]> }

type StoredKey<Key, Part> = Key extends symbol ? never : [Part] extends [Unstored] ? never : Key
type StoredPart<Part> = Stored<Exclude<Part, Unstored>> | ([Extract<Part, Unstored>] extends [never] ? never : undefined)
