/**
 * What a thread of a pool runs: piscina calls the default export for each task. The first one loads the user's module, so that a
 * module that does not load is an answer, and not a thread that piscina has lost.
 */
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { MessagePort, Transferable } from 'node:worker_threads'
import { DroverError, fromErrorRecord, toErrorRecord } from '../errors.js'
import { createRedactor } from '../redact.js'
import { withSources } from '../threads/evidence/source-maps.js'
import { importModule } from '../threads/runtime/load-module.js'
import { closest } from '../values/closest.js'
import { read } from '../values/plain.js'
import type { AbortMessage, Answer, RunMessage, StartMessage, ThreadWords } from './contract.js'
import type { PoolContext } from './pool-context.js'

type PoolFunction = (value: unknown, ctx: PoolContext) => unknown

let input: unknown
let pool = ''
let file = ''
let namespace: Record<string, unknown> = {}
let redact = createRedactor([])
let control: MessagePort | null = null
/** The task in hand; a pool gives a thread one at a time. */
let inHand: TaskContext | null = null
/** Whether a task has just ended, and its answer is being sent. */
let answering = false

/** Made for each task, so it makes its signal only when that is asked for. */
class TaskContext implements PoolContext {
  readonly #n: number
  #controller: AbortController | null = null
  #aborted: { reason: unknown } | null = null
  moved: readonly Transferable[] | null = null

  constructor(n: number) {
    this.#n = n
  }

  get n(): number {
    return this.#n
  }

  get pool(): string {
    return pool
  }

  get input(): unknown {
    return input
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController()
      if (this.#aborted) this.#controller.abort(this.#aborted.reason)
    }
    return this.#controller.signal
  }

  transfer<Value>(value: Value, list: readonly Transferable[]): Value {
    this.moved = list
    return value
  }

  abort(reason: unknown): void {
    this.#aborted = { reason }
    this.#controller?.abort(reason)
  }
}

export default function work(message: StartMessage | RunMessage): unknown {
  answering = false
  return 'start' in message ? start(message.start) : run(message)
}

async function run({ n, name, value }: RunMessage): Promise<unknown> {
  const ctx = new TaskContext(n)
  inHand = ctx
  try {
    const result = await functionOf(name)(value, ctx)
    return ctx.moved === null ? { ok: true, value: result } : withTransfer({ ok: true, value: result }, ctx.moved)
  } catch (error) {
    return { ok: false, error: withSources(toErrorRecord(error, redact)) } satisfies Answer
  } finally {
    inHand = null
    answering = true
  }
}

async function start(options: StartMessage['start']): Promise<Answer> {
  redact = createRedactor(options.secrets)
  pool = options.pool
  input = options.input
  file = fileURLToPath(options.module)
  control = options.control
  control.on('message', ({ abort, reason }: AbortMessage) => {
    if (inHand?.n !== abort) return
    control?.postMessage({ heard: abort } satisfies ThreadWords)
    inHand.abort(fromErrorRecord(reason))
  })
  process.on('uncaughtException', die)
  try {
    namespace = await importModule(options.module)
    functionOf(options.name, 'WORKER_MODULE_INVALID')
    return { ok: true, value: null }
  } catch (error) {
    return { ok: false, error: withSources(toErrorRecord(error, redact)) }
  }
}

/** Says why the thread ends: an error that crosses threads by itself loses half of its fields. */
function die(error: unknown, origin: NodeJS.UncaughtExceptionOrigin): void {
  const failed = origin === 'unhandledRejection' ? 'unhandled-rejection' : 'uncaught-error'
  // Piscina throws it as an uncaught error where it sends an answer.
  const unsendable = answering && read(error, 'name') === 'DataCloneError'
  control?.postMessage({ failed, error: withSources(toErrorRecord(error, redact)), unsendable } satisfies ThreadWords)
  process.exit(1)
}

/** @throws DroverError with `code` if the module has no such function */
function functionOf(name: string, code: 'ARGUMENT_INVALID' | 'WORKER_MODULE_INVALID' = 'ARGUMENT_INVALID'): PoolFunction {
  const own = Object.hasOwn(namespace, name) ? namespace[name] : undefined
  if (typeof own === 'function') return own as PoolFunction
  // Of a CommonJS module, the functions are properties of `module.exports`, which is its default export.
  const compiled = read(namespace.default, name)
  if (typeof compiled === 'function' && Object.hasOwn(namespace.default as object, name)) return compiled as PoolFunction
  const known = Object.keys(namespace).filter((key) => typeof namespace[key] === 'function')
  const meant = closest(name, known)
  const hint = meant === undefined ? `it has ${known.join(', ') || 'none'}` : `did you mean ${meant}?`
  throw new DroverError(code, `the module ${file} exports no function ${JSON.stringify(name)}; ${hint}`)
}

/** Only piscina's own mark makes it transfer parts of an answer. */
function withTransfer(answer: Answer, list: readonly Transferable[]): unknown {
  const { move, transferableSymbol, valueSymbol } = createRequire(import.meta.url)('piscina') as typeof import('piscina')
  return move({ [transferableSymbol as never]: list, [valueSymbol as never]: answer } as never)
}
