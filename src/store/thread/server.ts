/**
 * The store thread: takes all requests that have arrived from the main thread and the worker threads, does them in one
 * transaction, and answers after the commit. The busier it is, the more requests share one fsync.
 */
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads'
import { DroverError, toErrorRecord } from '../../errors.js'
import type { EngineReply, EngineRequest, StoreRequest } from '../contract/engine.js'
import type { QuotaTicket } from '../contract/quotas.js'
import { type Decision, nameOf } from '../quotas/waiter.js'
import type { EngineAnswer, SqliteEngine } from '../sqlite/engine.js'
import { isRequest, isWorkersRequest, refusalOf, replyTo, type StoreCommand, type StoreNotice } from './messages.js'
import type { StoreMeter } from './meter.js'

/** The most tasks and items in one transaction, so that no reply waits long for other work. */
const groupWeight = 2_048
/** Least time between notices of lane counts. */
const tellEveryMs = 100
/** The most lanes in a notice: the main thread reads it in one piece. The others come in later ones. */
const mostTold = 500
/** Time between looks for changes of other processes and for damage. */
const lookEveryMs = 1_000
/** The file is marked at every n-th look, because a mark costs as much as a commit. */
const looksPerMark = 5
/** Time between looks for changes of other processes while a request waits for a quota. */
const quotaLookMs = 25

interface Queued {
  port: MessagePort
  message: StoreRequest
}

/** The served engine, which does groups of requests. */
export type ServedEngine = Pick<
  SqliteEngine,
  | 'execute'
  | 'damage'
  | 'written'
  | 'mark'
  | 'takeTouched'
  | 'changedElsewhere'
  | 'close'
  | 'serveQuotas'
  | 'quotasDue'
  | 'quotasDueInMs'
  | 'takeQuotaDecisions'
>

/** Serves an engine over ports until a close command. */
class StoreServer {
  readonly #engine: ServedEngine
  readonly #main: MessagePort
  readonly #meter: StoreMeter
  readonly #workers = new Map<string, MessagePort>()
  /** Ports of gone workers; closed when their requests are answered. */
  readonly #retired = new Set<MessagePort>()
  readonly #looking: NodeJS.Timeout
  #looks = 0
  #queue: Queued[] = []
  #scheduled = false
  #closing = false
  #toldAt = 0
  #telling: NodeJS.Timeout | null = null
  #isDamaged = false
  #isUnwritable = false
  #exitAfterCommit: number | null = null
  /** Requests in line for a quota, by client and ticket, which are answered when granted. */
  readonly #inLine = new Map<string, Queued>()
  #quotaTimer: NodeJS.Timeout | null = null

  constructor(engine: ServedEngine, main: MessagePort, meter: StoreMeter) {
    this.#engine = engine
    this.#main = main
    this.#meter = meter
    meter.start()
    main.on('message', (message: StoreRequest | StoreCommand) => {
      if (isRequest(message)) this.#enqueue(main, message)
      else this.#obey(message)
    })
    this.#looking = setInterval(() => {
      this.#look()
      if (!this.#isDamaged && this.#looks++ % looksPerMark === 0) engine.mark()
      if (engine.changedElsewhere()) this.#tell({ type: 'changed' })
    }, lookEveryMs)
    this.#looking.unref()
    this.#tell({ type: 'ready' })
  }

  /** Looks for damage, which ends the system; reported once. */
  #look(): void {
    if (this.#isDamaged) return
    const error = this.#engine.damage()
    if (!error) return
    this.#isDamaged = true
    this.#tell({ type: 'damaged', error: toErrorRecord(error) })
  }

  #obey(command: StoreCommand): void {
    switch (command.type) {
      case 'attach':
        this.#attach(command.worker, command.port)
        break
      case 'detach':
        this.#detach(command.worker)
        break
      case 'close':
      case 'abandon':
        for (const worker of [...this.#workers.keys()]) this.#detach(worker)
        if (command.type === 'abandon') this.#queue = []
        this.#closing = true
        this.#schedule()
        break
      case 'exit':
        if (command.after === undefined) process.exit(command.code)
        this.#exitAfterCommit = command.code
    }
  }

  #attach(worker: string, port: MessagePort): void {
    this.#detach(worker)
    this.#workers.set(worker, port)
    port.on('message', (message: unknown) => {
      if (isWorkersRequest(message)) this.#enqueue(port, message)
      else this.#refuse(port, message)
    })
    port.on('close', () => {
      if (this.#workers.get(worker) === port) this.#workers.delete(worker)
    })
  }

  #detach(worker: string): void {
    const port = this.#workers.get(worker)
    if (!port) return
    this.#workers.delete(worker)
    for (let left = receiveMessageOnPort(port); left; left = receiveMessageOnPort(port)) {
      if (isWorkersRequest(left.message)) this.#queue.push({ port, message: left.message })
    }
    this.#retired.add(port)
    this.#schedule()
  }

  #refuse(port: MessagePort, message: unknown): void {
    const refusal = refusalOf(message)
    if (refusal) port.postMessage(refusal)
  }

  #enqueue(port: MessagePort, message: StoreRequest): void {
    // Requests of an ended thread are done before its end is handled.
    if (message.op === 'abandon' || message.op === 'free') this.#detach((message.request as EngineRequest<'free'>).worker)
    this.#queue.push({ port, message })
    this.#schedule()
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => this.#work())
  }

  #work(): void {
    this.#scheduled = false
    const group = this.#queue.splice(0, groupLength(this.#queue))
    const answers = group.length === 0 ? [] : this.#execute(group)
    if (this.#exitAfterCommit !== null && group.length > 0) process.exit(this.#exitAfterCommit)
    for (const [index, { port, message }] of group.entries()) {
      const answer = answers[index]
      if (!answer) continue
      if (staysInLine(message, answer)) this.#inLine.set(nameOf(message.request as QuotaTicket), { port, message })
      else port.postMessage(replyTo(message, answer))
    }
    this.#answerLine()
    this.#tellCounts()
    if (this.#queue.length > 0) {
      this.#schedule()
      return
    }
    for (const port of this.#retired) port.close()
    this.#retired.clear()
    if (this.#closing) this.#end()
  }

  #execute(group: readonly Queued[]): EngineAnswer[] {
    this.#meter.begin(group.length + this.#queue.length)
    const before = this.#engine.written()
    const since = Date.now()
    const answers = this.#engine.execute(group.map(({ message }) => message))
    const failed = answers.find((answer) => !answer.ok && DroverError.is(answer.error) && answer.error.code === 'STORE_FAILED')
    const hasWritten = !failed && this.#engine.written() !== before
    this.#meter.end(hasWritten, this.#queue.length)
    if (failed) this.#look()
    if (failed && !failed.ok && !this.#isUnwritable) this.#tell({ type: 'unwritable', error: toErrorRecord(failed.error), since })
    // What only reads succeeds on a full disk too.
    else if (hasWritten && this.#isUnwritable) this.#tell({ type: 'written' })
    this.#isUnwritable = failed !== undefined || (this.#isUnwritable && !hasWritten)
    return answers
  }

  /** Answers decided requests, and schedules the next look at the others. */
  #answerLine(): void {
    for (const decision of this.#engine.takeQuotaDecisions()) {
      const name = nameOf(decision)
      const waiting = this.#inLine.get(name)
      this.#inLine.delete(name)
      if (waiting) waiting.port.postMessage(replyTo(waiting.message, answerOf(decision)))
    }
    if (this.#quotaTimer) clearTimeout(this.#quotaTimer)
    this.#quotaTimer = null
    const inMs = this.#engine.quotasDueInMs()
    if (inMs === null) this.#inLine.clear()
    else if (!this.#closing) this.#quotaTimer = setTimeout(() => this.#lookAtLine(), Math.min(inMs, quotaLookMs))
  }

  #lookAtLine(): void {
    try {
      if (this.#engine.quotasDue()) this.#engine.serveQuotas()
    } catch {
      // The store cannot be written now: requests stay in line.
    }
    this.#answerLine()
  }

  #tellCounts(): void {
    if (this.#telling) return
    const wait = this.#toldAt + tellEveryMs - performance.now()
    if (wait > 0) this.#telling = setTimeout(() => this.#tellCountsNow(), wait)
    else this.#tellCountsNow()
  }

  /** @returns whether there may be more to tell */
  #tellSomeCounts(): boolean {
    const counts = this.#engine.takeTouched(mostTold)
    if (counts.length === 0) return false
    this.#toldAt = performance.now()
    this.#tell({ type: 'counts', counts })
    return counts.length >= mostTold
  }

  #tellCountsNow(): void {
    this.#telling = null
    if (this.#tellSomeCounts()) this.#tellCounts()
  }

  #tell(notice: StoreNotice): void {
    this.#main.postMessage(notice)
  }

  /** The thread ends by itself when its ports are closed and its timers cleared. */
  #end(): void {
    clearInterval(this.#looking)
    if (this.#quotaTimer) clearTimeout(this.#quotaTimer)
    if (this.#telling) clearTimeout(this.#telling)
    while (this.#tellSomeCounts()) {}
    this.#engine.close()
    this.#main.close()
  }
}

/** Number of the first requests for one transaction. */
function groupLength(queue: readonly Queued[]): number {
  let weight = 0
  for (const [index, { message }] of queue.entries()) {
    weight += weightOf(message)
    if (weight >= groupWeight) return index + 1
  }
  return queue.length
}

function weightOf({ op, request }: StoreRequest): number {
  if (op === 'exchange') {
    const { outcomes, want } = request as EngineRequest<'exchange'>
    return 1 + outcomes.length + want
  }
  return op === 'enqueue' ? 1 + (request as EngineRequest<'enqueue'>).items.length : 1
}

function staysInLine({ op }: StoreRequest, answer: EngineAnswer): boolean {
  if (op !== 'acquireQuota' || !answer.ok) return false
  const reply = answer.value as EngineReply<'acquireQuota'>
  return !reply.granted && reply.waiting
}

function answerOf({ outcome }: Decision): EngineAnswer {
  return 'error' in outcome ? { ok: false, error: outcome.error } : { ok: true, value: outcome.answer }
}

/** Opens an engine and serves it over `main`; an error of opening is reported there and the thread ends. */
export function serveStore(main: MessagePort, open: () => ServedEngine, meter: StoreMeter): void {
  try {
    new StoreServer(open(), main, meter)
  } catch (error) {
    main.postMessage({ type: 'refused', error: toErrorRecord(error) } satisfies StoreNotice)
    main.close()
  }
}
