/**
 * Talks to the main thread's debugger from another thread of the same process. The debugger answers even while the main thread is
 * busy.
 */
import { Session } from 'node:inspector'
import { TimeLimit } from '../../time/time-limit.js'
import { duration } from '../../values/duration.js'
import type { Inspect } from './inspect-thread.js'

export const inspectMain: Inspect = async (withinMs, use) => {
  const session = new Session()
  session.connectToMainThread()
  const call = (method: string, params: object = {}): Promise<unknown> =>
    new Promise((resolve, reject) => {
      session.post(method, params, (error, result) => (error ? reject(error) : resolve(result)))
    })
  const limit = new TimeLimit(withinMs, `process ${process.pid} did not answer its debugger within ${duration(withinMs)}`, { ref: true })
  try {
    const send = async (method: string, params?: object): Promise<void> => void call(method, params).catch(() => {})
    const on = (method: string, listener: (params: never) => void): void => {
      session.on(method as never, ({ params }: { params: never }) => listener(params))
    }
    return await Promise.race([use({ call, send, on }), limit.over])
  } finally {
    limit.clear()
    session.disconnect()
  }
}
