import { ClientError } from './api.js'

interface UntilOptions {
  timeoutMs?: number
  signal?: AbortSignal
}

interface Watched<State> {
  state: () => State
  isClosed: () => boolean
  /** Calls the listener at each change. Returns what ends it. */
  subscribe: (listener: () => void) => () => void
}

/** Resolves with the state as soon as the condition holds. */
export function until<State>(
  { state, isClosed, subscribe }: Watched<State>,
  condition: (state: State) => boolean,
  { timeoutMs, signal }: UntilOptions,
): Promise<State> {
  return new Promise((resolve, reject) => {
    let timer: ReturnType<typeof setTimeout> | undefined
    const done = (settle: () => void): void => {
      clearTimeout(timer)
      unsubscribe()
      signal?.removeEventListener('abort', onAbort)
      settle()
    }
    const fail = (code: 'CLOSED' | 'TIMEOUT', message: string): void => done(() => reject(new ClientError(message, { code, status: 0 })))
    const onAbort = (): void => done(() => reject(signal?.reason))
    const look = (): void => {
      try {
        const now = state()
        if (condition(now)) done(() => resolve(now))
        else if (isClosed()) fail('CLOSED', 'the client is closed')
      } catch (error) {
        done(() => reject(error))
      }
    }
    const unsubscribe = subscribe(look)
    signal?.addEventListener('abort', onAbort)
    if (timeoutMs !== undefined) timer = setTimeout(() => fail('TIMEOUT', `not within ${timeoutMs} ms: ${condition}`), timeoutMs)
    if (signal?.aborted) onAbort()
    else look()
  })
}
