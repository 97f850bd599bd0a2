/**
 * Messages between workers, as their authors see them: an interface names the messages that a worker takes, and a reference to
 * the worker asks and tells.
 */

/** In an interface of messages: one that has a reply. Only a type; nothing of it exists at run time. */
export interface Ask<Request = undefined, Reply = undefined> {
  readonly '~ask': { request: Request; reply: Reply }
}

/** In an interface of messages: one without a reply. Only a type; nothing of it exists at run time. */
export interface Tell<Request = undefined> {
  readonly '~tell': { request: Request }
}

/** An interface of messages: each property is an {@link Ask} or a {@link Tell}. */
// biome-ignore lint/suspicious/noExplicitAny: any request and any reply.
export type MessageTypes<Messages> = { [Name in keyof Messages]: Ask<any, any> | Tell<any> }

/** Messages of a worker whose interface is not given: any name will do. */
// biome-ignore lint/suspicious/noExplicitAny: any body may be sent.
export type AnyMessages = Record<string, Ask<any, unknown> & Tell<any>>

/** The body of a message. */
export type RequestOf<Message> =
  Message extends Ask<infer Request, infer _> ? Request : Message extends Tell<infer Request> ? Request : never

/** The reply to a message; nothing for a {@link Tell}. */
export type ReplyOf<Message> = Message extends Ask<infer _, infer Reply> ? Reply : undefined

/** The names of the messages that can be asked. */
export type AskName<Messages> = {
  // biome-ignore lint/suspicious/noExplicitAny: any request and any reply.
  [Name in keyof Messages]: Messages[Name] extends Ask<any, any> ? Name : never
}[keyof Messages] &
  string

/** The names of the messages that can be told. */
export type TellName<Messages> = {
  // biome-ignore lint/suspicious/noExplicitAny: any request.
  [Name in keyof Messages]: Messages[Name] extends Tell<any> ? Name : never
}[keyof Messages] &
  string

/** Options of an ask. */
export interface AskOptions {
  /**
   * How long to wait for the reply, in whole milliseconds, also while the other worker has no thread. 1 to a year.
   * @defaultValue 30_000
   */
  timeoutMs?: number
  /** Ends the wait: the ask rejects with the signal's reason, and the signal of its handler aborts. */
  signal?: AbortSignal
}

/** The body may be left out where it is undefined. */
type Sent<Request> = undefined extends Request ? [body?: Request] : [body: Request]
type Asked<Request> = undefined extends Request ? [body?: Request, options?: AskOptions] : [body: Request, options?: AskOptions]

/** A worker to talk to, whether or not it has a thread now. */
export interface WorkerRef<Messages extends MessageTypes<Messages> = AnyMessages> {
  readonly id: string
  /**
   * Asks, and waits for the reply. It settles exactly once. While the worker has no thread but will have one (queued, starting, in
   * backoff, parked, paused, not started yet) the message waits.
   *
   * @param body copied by structured cloning at the end of this turn of the event loop, so do not change it after the call
   * @throws the error of the handler, with its code and cause; DroverError WORKER_CRASHED, WORKER_DOWN, WORKER_UNKNOWN, ASK_TIMEOUT,
   * ASK_CYCLE, MAILBOX_FULL, HANDLER_UNKNOWN, MESSAGE_INVALID, ARGUMENT_INVALID, CLOSED; the reason of `signal`
   * @example
   * const vector = await ctx.find('embedder').ask('embed', { text: 'good' }, { timeoutMs: 5_000 })
   */
  ask<Name extends AskName<Messages>>(name: Name, ...sent: Asked<RequestOf<Messages[Name]>>): Promise<ReplyOf<Messages[Name]>>
  /**
   * Sends a message without a reply. Whether it was handled is not known: see the event `message:dead`.
   *
   * @param body as of {@link ask}
   * @returns resolves once the message has left this thread, so not before the worker has one; awaiting it slows the sender down to what the
   * worker takes. A
   * rejection that nobody handles has no effect
   * @throws DroverError WORKER_DOWN, WORKER_UNKNOWN, MAILBOX_FULL, ARGUMENT_INVALID, CLOSED
   * @example
   * await ctx.find('embedder').tell('warm', { model: 'small' })
   */
  tell<Name extends TellName<Messages>>(name: Name, ...sent: Sent<RequestOf<Messages[Name]>>): Promise<void>
}

/** The third argument of a handler. */
export interface MessageCall {
  /** Id of the worker that sent the message; null: the main program. */
  readonly from: string | null
  /** Aborts when the sender no longer waits for the reply or is gone, and at the drain deadline of a stop. */
  readonly signal: AbortSignal
}

/** Why a message is dead; see the event `message:dead`. */
export const deathCauses = ['gone', 'dropped', 'full', 'late', 'undeliverable'] as const
export type DeathCause = (typeof deathCauses)[number]

/** Dead letters that are alike. */
export interface DeadLetter {
  /** null: the main program. */
  from: string | null
  to: string
  /** The name of the message. */
  message: string
  why: DeathCause
  /** How many there are. */
  count: number
}
