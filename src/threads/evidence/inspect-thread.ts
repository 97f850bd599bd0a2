/**
 * Talks to another thread's debugger from the main thread, through the inspector's NodeWorker domain. The debugger answers even
 * while the thread is busy with JavaScript, for example in an endless loop.
 */
import { Session } from 'node:inspector'
import { DroverError } from '../../errors.js'
import { TimeLimit } from '../../time/time-limit.js'
import { duration } from '../../values/duration.js'

/** Attaching to a live thread is immediate; an ended thread never answers. */
const attachWithinMs = 5_000

interface WorkerAttached {
  sessionId: string
  workerInfo: { workerId: string; type: string; title: string; url: string }
}

type FromThread = { id: number; result?: unknown; error?: { message: string } } | { method: string; params: unknown }

/** A thread's debugger. */
export interface Inspector {
  /** Sends a command; resolves when it is on its way. */
  send(method: string, params?: object): Promise<void>
  /** Sends a command and resolves with its result; never settles if the thread does not answer. */
  call(method: string, params?: object): Promise<unknown>
  /** Calls the listener at each event of this name. */
  on(method: string, listener: (params: never) => void): void
}

/**
 * Attaches to a thread, lets `use` talk to its debugger, and always detaches.
 *
 * @param withinMs time limit for attaching and `use` together
 * @throws DroverError TIMEOUT after `withinMs` (sooner if there is no such thread), THREAD_GONE if the thread ends before
 */
export type Inspect = <T>(withinMs: number, use: (inspector: Inspector) => Promise<T>) => Promise<T>

/** Of a worker thread, from the main thread. */
export function inspectThread(threadId: number): Inspect {
  return (withinMs, use) => attach(threadId, withinMs, use)
}

async function attach<T>(threadId: number, withinMs: number, use: (inspector: Inspector) => Promise<T>): Promise<T> {
  const session = new Session()
  session.connect()
  const post = (method: string, params: object = {}): Promise<unknown> =>
    new Promise((resolve, reject) => {
      session.post(method, params, (error, result) => (error ? reject(error) : resolve(result)))
    })
  let target: string | null = null
  let lastId = 0
  const pending = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>()
  const listeners = new Map<string, (params: never) => void>()
  const send = (id: number, method: string, params: object): Promise<unknown> =>
    post('NodeWorker.sendMessageToWorker', { sessionId: target, message: JSON.stringify({ id, method, params }) })
  const inspector: Inspector = {
    async send(method, params = {}) {
      await send(++lastId, method, params)
    },
    call(method, params = {}) {
      const id = ++lastId
      return new Promise((resolve, reject) => {
        pending.set(id, { resolve, reject })
        send(id, method, params).catch(reject)
      })
    },
    on: (method, listener) => void listeners.set(method, listener),
  }

  const attached = new Promise<void>((resolve) => {
    session.on('NodeWorker.attachedToWorker' as never, ({ params }: { params: WorkerAttached }) => {
      const { sessionId, workerInfo } = params
      // Only the title has the thread's id; `workerId` counts the inspector's own sessions.
      if (workerInfo.title.startsWith(`[worker ${threadId}]`)) {
        target = sessionId
        resolve()
      } else {
        void post('NodeWorker.detach', { sessionId }).catch(() => {})
      }
    })
  })
  session.on('NodeWorker.receivedMessageFromWorker' as never, ({ params }: { params: { sessionId: string; message: string } }) => {
    if (params.sessionId !== target) return
    const message = JSON.parse(params.message) as FromThread
    if ('method' in message) {
      listeners.get(message.method)?.(message.params as never)
      return
    }
    const call = pending.get(message.id)
    pending.delete(message.id)
    if (message.error) call?.reject(new Error(`the debugger of thread ${threadId} refused: ${message.error.message}`))
    else call?.resolve(message.result)
  })

  const gone = new Promise<never>((_, reject) => {
    session.on('NodeWorker.detachedFromWorker' as never, ({ params }: { params: { sessionId: string } }) => {
      if (params.sessionId === target) reject(new DroverError('THREAD_GONE', `thread ${threadId} ended while it was looked at`))
    })
  })
  gone.catch(() => {})

  const after = (ms: number): TimeLimit =>
    new TimeLimit(ms, `thread ${threadId} did not answer its debugger within ${duration(ms)}`, { ref: true })
  const late = after(withinMs)
  const unattached = after(Math.min(attachWithinMs, withinMs))
  try {
    await Promise.race([post('NodeWorker.enable', { waitForDebuggerOnStart: false }).then(() => attached), unattached.over])
    return await Promise.race([use(inspector), late.over, gone])
  } finally {
    for (const limit of [late, unattached]) limit.clear()
    if (target !== null) {
      // A thread that is terminated while paused by its debugger never ends, so it is resumed first.
      await inspector.send('Debugger.disable').catch(() => {})
      await post('NodeWorker.detach', { sessionId: target }).catch(() => {})
    }
    await post('NodeWorker.disable').catch(() => {})
    session.disconnect()
  }
}
