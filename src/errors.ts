/**
 * All errors that drover throws on purpose: one class, one table of codes. A code is part of the API; a message may change.
 * {@link toErrorRecord} turns any thrown value into data.
 */
import { answerIn } from './values/error-answer.js'
import { cut, isError, jsonOf, messageOf, read, textOf } from './values/plain.js'

/** The codes; each doc says when it is thrown. */
export const errorCodes = {
  /**
   * `createDrover`, `validateConfig`, `loadConfig`, `add`, `update`, `remove`, `createQuota`, `set` of a quota, `serveStatus`,
   * `createStatusApp`: the options have mistakes; `details.issues` lists all of them.
   */
  CONFIG_INVALID: 'CONFIG_INVALID',
  /** A method was called with an invalid argument; the message names it and what is allowed. */
  ARGUMENT_INVALID: 'ARGUMENT_INVALID',
  /** drover's code was copied into a bundle, without the files that its threads start from; the message says the way out. */
  BUNDLED: 'BUNDLED',
  /** There is no such worker or supervisor, or no worker matches. */
  WORKER_UNKNOWN: 'WORKER_UNKNOWN',
  /** A worker failed before it replied to an ask. `details.failure` is its failure; `details.delivered` is `'no'` if no handler had begun, else `'maybe'`. */
  WORKER_CRASHED: 'WORKER_CRASHED',
  /** A message is for a worker that is down for good (stopped, completed, blacklisted), or that was stopped before it replied. */
  WORKER_DOWN: 'WORKER_DOWN',
  /** An ask had no reply in time; `details.delivered` is `'no'` if the message did not leave its sender, else `'maybe'`. */
  ASK_TIMEOUT: 'ASK_TIMEOUT',
  /** Workers would ask each other in a circle, and each would wait for the next; `details.path` has their ids. */
  ASK_CYCLE: 'ASK_CYCLE',
  /** The mailbox of a worker has no room for a message, by its option `mailbox`. */
  MAILBOX_FULL: 'MAILBOX_FULL',
  /** The module of the worker has no handler for the message in its `receive`. */
  HANDLER_UNKNOWN: 'HANDLER_UNKNOWN',
  /** The body of a message, or a reply, cannot be copied to another thread. */
  MESSAGE_INVALID: 'MESSAGE_INVALID',
  /** The worker is running in another live host; `details.holder` says which. */
  WORKER_HELD: 'WORKER_HELD',
  /** The worker module's file does not exist. */
  WORKER_MODULE_NOT_FOUND: 'WORKER_MODULE_NOT_FOUND',
  /** The worker module threw while it was imported (`details.stage` is `run`), or cannot be loaded at all (`load`; `details.at` says where). */
  WORKER_MODULE_THREW: 'WORKER_MODULE_THREW',
  /** The worker module has no default export made by `defineWorker`. */
  WORKER_MODULE_INVALID: 'WORKER_MODULE_INVALID',
  /** The worker module is TypeScript and this Node.js cannot load it. */
  WORKER_MODULE_TYPESCRIPT: 'WORKER_MODULE_TYPESCRIPT',
  /** No slot is free and `onFull` is `'reject'`. */
  SLOTS_FULL: 'SLOTS_FULL',
  /**
   * The machine cannot start a thread or process now; `cause` says what it lacks (open files, memory, a folder
   * for the crash file of a worker's process; the last is found out by `createDrover`, `add` and `update`).
   */
  HOST_SHORT: 'HOST_SHORT',
  /** There is no pool of this id. */
  POOL_UNKNOWN: 'POOL_UNKNOWN',
  /** A task of a pool was refused, or dropped from its line, because as many tasks wait as `queue.max` allows. */
  POOL_FULL: 'POOL_FULL',
  /** A task of a pool ran longer than its `deadlineMs`; `details.deadlineMs` has it. */
  POOL_DEADLINE: 'POOL_DEADLINE',
  /** The thread of a pool ended while it ran the task; `details.kind` is the kind of failure, `cause` the error, if there is one. */
  POOL_CRASHED: 'POOL_CRASHED',
  /** The pool is blacklisted, because its threads fail again and again; `details.reason` says how. It takes tasks again after `reset`. */
  POOL_BLACKLISTED: 'POOL_BLACKLISTED',
  /** The thread ended while a call to it was pending, or had ended before. */
  THREAD_GONE: 'THREAD_GONE',
  /**
   * A worker's thread or process sent an invalid message, for example because its code wrote to a descriptor of drover. The
   * worker fails with this error.
   */
  PROTOCOL_BROKEN: 'PROTOCOL_BROKEN',
  /** A CPU profile of the worker is already running. */
  PROFILE_RUNNING: 'PROFILE_RUNNING',
  /** Four CPU profiles of other workers are already running. */
  PROFILES_FULL: 'PROFILES_FULL',
  /** Neither the store's folder nor its parent exists. */
  STORE_FOLDER_MISSING: 'STORE_FOLDER_MISSING',
  /** The store's file, or its folder, cannot be written. */
  STORE_READ_ONLY: 'STORE_READ_ONLY',
  /** The store's file is not an SQLite database, or is one of another program. */
  STORE_NOT_A_DATABASE: 'STORE_NOT_A_DATABASE',
  /** The store was written by a newer drover. */
  STORE_TOO_NEW: 'STORE_TOO_NEW',
  /**
   * The store failed for another reason, in `cause`, or its file has several names (hard links). Final if the file is damaged, or
   * was removed or replaced while it was open.
   */
  STORE_FAILED: 'STORE_FAILED',
  /** A read crashed its thread, or no thread could do it; the reason is in `cause`. The store itself works. */
  READ_FAILED: 'READ_FAILED',
  /** `export`: the file could not be written; the reason is in `cause`. The old file is unchanged. */
  EXPORT_FAILED: 'EXPORT_FAILED',
  /** A request carries the fencing token of a thread that was replaced. */
  FENCED: 'FENCED',
  /** `load`: a record is not usable; `details.position` is its place, from 0. */
  LOAD_BAD_RECORD: 'LOAD_BAD_RECORD',
  /** `load`: the key is known with other data; `details.key` and `details.position` name it. */
  LOAD_CONFLICT: 'LOAD_CONFLICT',
  /** The quota is not in the configuration, or can never grant the amount. */
  QUOTA_INVALID: 'QUOTA_INVALID',
  /** The provider no longer accepts any key that the request may use. */
  QUOTA_RETIRED: 'QUOTA_RETIRED',
  /** A budget is spent: there are no grants until it is raised. */
  QUOTA_SPENT: 'QUOTA_SPENT',
  /** `done()` was called before any worker was started. */
  NOT_STARTED: 'NOT_STARTED',
  /** The system is closing or closed. */
  CLOSED: 'CLOSED',
  /** Something was not done in time: a grant of a quota (`timeoutMs`), the answer of a thread or of the store. */
  TIMEOUT: 'TIMEOUT',
  /** `serveStatus`: the port is in use or not permitted; `details` has `hostname` and `port`. */
  LISTEN_FAILED: 'LISTEN_FAILED',
} as const

/** One of the codes of {@link errorCodes}. */
export type ErrorCode = (typeof errorCodes)[keyof typeof errorCodes]

const brand = Symbol.for('drover.error')

/** The class of every error that drover throws on purpose. */
export class DroverError extends Error {
  override readonly name: string = 'DroverError'
  readonly code: ErrorCode
  /** Facts about the error that are safe to show and to store. */
  readonly details: Readonly<Record<string, unknown>>

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; details?: Record<string, unknown> } = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined)
    this.code = code
    this.details = options.details ?? {}
    Object.defineProperty(this, brand, { value: true })
  }

  /** Whether a value is a DroverError, including one of another copy of drover in the same process. */
  static is(value: unknown): value is DroverError {
    return typeof value === 'object' && value !== null && isOurs(value)
  }
}

/** An error of a quota, with one of the QUOTA_ codes. */
export class QuotaError extends DroverError {
  override readonly name = 'QuotaError'

  /** Whether a value is a QuotaError, including one of another copy of drover in the same process. */
  static override is(value: unknown): value is QuotaError {
    return DroverError.is(value) && value.code.startsWith('QUOTA_')
  }
}

/** An error as plain data, to be sent to another thread, stored and shown. */
export interface ErrorRecord {
  name: string
  message: string
  /** The error's own `code` if it had one. */
  code?: string
  stack?: string
  cause?: ErrorRecord
  details?: Record<string, unknown>
}

/** The identity of a group of errors. */
export interface ErrorKind {
  /** Id of the group, the same in every lane, thread and run. */
  id: string
  /** The error's own `code`, else that of its cause, else its name. */
  code: string
  /** With the messages of its causes. */
  message: string
  /** The first frame of its stack in the user's own code, as `file:line:column`; null if there is none. */
  where: string | null
}

/** Errors of one kind. */
export interface ErrorGroup extends ErrorKind {
  count: number
  /** The workers that had it, at most 20. */
  workers: string[]
  /** Time of the latest one, in ms since the epoch. */
  lastAt: number
  /** The item of one of these errors, if it has one. */
  example: { dataset: string; key: string } | null
}

/** Number of causes that are kept; this also ends a cyclic chain. */
const deepestCause = 5
/** Length at which texts of an error are cut. */
const longestText = 16_384
/** The same for its causes. */
const longestInCause = 4_096
const longestName = 200
/** A stack begins with the message. A longer message is left out of the stack. */
const longestInStack = 1_000

/**
 * Any thrown value as plain data of bounded size. Never throws, even for getters that throw, revoked proxies and values that are
 * not errors.
 *
 * @param redact applied to every text before it is cut, because half a secret would not be found
 */
export function toErrorRecord(thrown: unknown, redact: (text: string) => string = (text) => text): ErrorRecord {
  try {
    return recordOf(thrown, redact, 0)
  } catch {
    // For example, no memory is left for a text.
    return { name: 'NonError', message: 'a value was thrown that cannot be read' }
  }
}

function recordOf(thrown: unknown, redact: (text: string) => string, depth: number): ErrorRecord {
  const longest = depth === 0 ? longestText : longestInCause
  const text = (value: unknown, most = longest): string => cut(redact(textOf(value)), most)
  if (!isErrorLike(thrown)) return { name: 'NonError', message: text(thrown) }
  const [name, message, code, stack, cause] = ['name', 'message', 'code', 'stack', 'cause'].map((field) => read(thrown, field))
  const record: ErrorRecord = { name: text(name || 'Error', longestName), message: text(message ?? '') }
  if (typeof code === 'string' || typeof code === 'number') record.code = text(code, longestName)
  if (typeof stack === 'string') record.stack = text(withoutLong(stack, message))
  const details = detailsOf(thrown, redact, longest)
  if (details) record.details = details
  if (cause !== undefined && depth < deepestCause) record.cause = recordOf(cause, redact, depth + 1)
  return record
}

function isErrorLike(value: unknown): value is object {
  if (isError(value)) return true
  try {
    return typeof value === 'object' && value !== null && 'message' in value && 'name' in value
  } catch {
    return false
  }
}

/** The stack without a long message, so that its frames are kept. */
function withoutLong(stack: string, message: unknown): string {
  if (typeof message !== 'string' || message.length <= longestInStack) return stack
  return stack.replace(message, () => `(${message.length} characters)`)
}

/** The details of a DroverError; for a client's error, the facts of its response. */
function detailsOf(thrown: object, redact: (text: string) => string, longest: number): Record<string, unknown> | null {
  const details = isOurs(thrown) ? read(thrown, 'details') : answerIn(thrown)
  if (typeof details !== 'object' || details === null) return null
  const json = redact(jsonOf(details, messageOf))
  if (json.length > longest) return { cut: cut(json, longest) }
  try {
    const plain: unknown = JSON.parse(json)
    return typeof plain === 'object' && plain !== null && !Array.isArray(plain) ? (plain as Record<string, unknown>) : null
  } catch {
    // Redaction has broken the JSON.
    return { text: json }
  }
}

function isOurs(value: object): boolean {
  try {
    return brand in value
  } catch {
    return false
  }
}

/**
 * The inverse of {@link toErrorRecord}: a DroverError if the code is in {@link errorCodes}, else an Error with the same name,
 * code and cause.
 */
export function fromErrorRecord(record: ErrorRecord): Error {
  const cause = record.cause ? fromErrorRecord(record.cause) : undefined
  if (record.code !== undefined && record.code in errorCodes) {
    const Class = record.code.startsWith('QUOTA_') ? QuotaError : DroverError
    return new Class(record.code as ErrorCode, record.message, {
      ...(cause && { cause }),
      ...(record.details && { details: record.details }),
    })
  }
  const error = new Error(record.message, cause && { cause })
  error.name = record.name
  if (record.code !== undefined) Object.assign(error, { code: record.code })
  if (record.stack !== undefined) error.stack = record.stack
  return error
}
