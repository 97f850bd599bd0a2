/** One message on its way from this thread, until it is settled. */
import type { Timed } from './deadlines.js'

/** A message that may have to wait in the line of its peer. */
export interface Outgoing {
  readonly name: string
  body: unknown
  /** Ids of the workers whose handlers wait for this message, outermost first; the sender last. */
  readonly path: readonly string[]
  /** null: a tell. */
  readonly ask: PendingAsk | null
  /** It has left the line. */
  accepted(): void
  /** It will never be sent. */
  refused(error: unknown): void
}

/** An ask that waits for its reply. It settles once; what comes after that has no effect. */
export class PendingAsk implements Outgoing, Timed {
  due = 0
  before: Timed | null = null
  after: Timed | null = null
  line: Timed['line'] = null
  /** 0 until it was sent. */
  id = 0
  settled = false
  readonly name: string
  body: unknown
  readonly path: readonly string[]
  readonly timeoutMs: number
  readonly #signal: AbortSignal | undefined
  readonly #means: AskMeans

  constructor(
    sent: { name: string; body: unknown; path: readonly string[]; timeoutMs: number; signal: AbortSignal | undefined },
    means: AskMeans,
  ) {
    this.name = sent.name
    this.body = sent.body
    this.path = sent.path
    this.timeoutMs = sent.timeoutMs
    this.#signal = sent.signal
    this.#means = means
    this.#signal?.addEventListener('abort', this.#onAbort)
  }

  get ask(): PendingAsk {
    return this
  }

  accepted(): void {}

  refused(error: unknown): void {
    if (this.#settle()) this.#means.reject(error)
  }

  answered(value: unknown): void {
    if (this.#settle()) this.#means.resolve(value)
  }

  timeIsUp(): void {
    this.#means.timeIsUp()
  }

  readonly #onAbort = (): void => {
    this.refused(this.#signal?.reason)
  }

  #settle(): boolean {
    if (this.settled) return false
    this.settled = true
    this.body = undefined
    this.#signal?.removeEventListener('abort', this.#onAbort)
    this.#means.settled()
    return true
  }
}

export interface AskMeans {
  resolve: (value: unknown) => void
  reject: (error: unknown) => void
  /** Called once, when it settles. */
  settled: () => void
  timeIsUp: () => void
}

export class PendingTell implements Outgoing {
  readonly ask = null
  readonly path: readonly string[] = []
  readonly name: string
  body: unknown
  readonly accepted: () => void
  readonly refused: (error: unknown) => void

  constructor(name: string, body: unknown, accepted: () => void = () => {}, refused: (error: unknown) => void = () => {}) {
    this.name = name
    this.body = body
    this.accepted = accepted
    this.refused = refused
  }
}
