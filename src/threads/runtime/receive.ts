/** `receive`: the handlers of a worker's messages. */
import type { Ask, MessageCall, MessageTypes, ReplyOf, RequestOf } from '../messages/contract.js'
import type { Job } from '../messages/incoming.js'
import type { Handle } from '../messages/mailbox.js'
import type { WorkerContext } from './context/contract.js'
import { MessageContext } from './context/message-context.js'
import type { Context } from './context/worker-context.js'

/** Handles one kind of message. What it returns, or throws, is the reply to an ask. */
type Handler<Message, State, Input> = (
  body: RequestOf<Message>,
  ctx: WorkerContext<State, Input>,
  call: MessageCall,
  // biome-ignore lint/suspicious/noExplicitAny: any request and any reply.
) => Message extends Ask<any, any> ? ReplyOf<Message> | Promise<ReplyOf<Message>> : unknown

/**
 * The handlers of a worker, one for each message of its interface.
 *
 * @example
 * import type { Handlers } from 'drover/worker'
 *
 * interface Counter {
 *   add: Tell<number>
 *   total: Ask<undefined, number>
 * }
 * let sum = 0
 * const receive: Handlers<Counter> = {
 *   add: (n) => {
 *     sum += n
 *   },
 *   total: () => sum,
 * }
 */
export type Handlers<Messages extends MessageTypes<Messages>, State = unknown, Input = unknown> = {
  [Name in keyof Messages]: Handler<Messages[Name], State, Input>
}

// biome-ignore lint/suspicious/noExplicitAny: any body.
type AnyHandler<State, Input> = (body: any, ctx: WorkerContext<State, Input>, call: MessageCall) => unknown

/** Handlers whose interface is not given. */
export type AnyHandlers<State = unknown, Input = unknown> = Record<string, AnyHandler<State, Input>>

/** @throws TypeError if it is not an object of functions */
export function checkReceive(receive: unknown): void {
  const handlers = typeof receive === 'object' && receive !== null ? Object.entries(receive) : []
  const wrong = handlers.find(([, handler]) => typeof handler !== 'function')
  if (wrong) throw new TypeError(`defineWorker: receive.${wrong[0]} is not a function`)
  if (handlers.length === 0) throw new TypeError('defineWorker: receive is an object of functions, one for each message')
}

/** The handlers with the context of each message. */
export function handleWith(receive: AnyHandlers, context: Context): Handle {
  return (name) => {
    const handler = Object.hasOwn(receive, name) ? receive[name] : undefined
    return handler ? (job: Job) => handler(job.body, new MessageContext(context, job), job) : null
  }
}
