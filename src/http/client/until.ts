import { ClientError } from './api.js'

interface UntilOptions {
  timeoutMs?: number
  signal?: AbortSignal
}

interface Watched<State> {
  state: () => State
  /** Why no other state will come; null: one may. */
  ended: () => ClientError | null
  /** Calls the listener at each change. Returns what ends it. */
  subscribe: (listener: () => void) => () => void
}

/** Resolves with the state as soon as the condition holds. */
export function until<State>(
  { state, ended, subscribe }: Watched<State>,
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
    const fail = (error: unknown): void => done(() => reject(error))
    const onAbort = (): void => fail(signal?.reason)
    const look = (): void => {
      try {
        const now = state()
        const end = ended()
        if (condition(now)) done(() => resolve(now))
        else if (end) fail(end)
      } catch (error) {
        fail(error)
      }
    }
    const unsubscribe = subscribe(look)
    signal?.addEventListener('abort', onAbort)
    if (timeoutMs !== undefined)
      timer = setTimeout(() => fail(new ClientError(`not within ${timeoutMs} ms: ${condition}`, { code: 'TIMEOUT', status: 0 })), timeoutMs)
    if (signal?.aborted) onAbort()
    else look()
  })
}
