/** For components: the live state, reads of the API, and calls that change something. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import type { Client } from '../../client/client.js'
import { connect } from '../../client/connect.js'
import type { ClientMessages, ClientStatus } from '../../client/options.js'
import type { LiveState, Topic } from '../../contract/socket.js'
import { toast } from '../shell/toasts.js'
import { base, refreshSession } from './session.js'
import { createStore, useSource, useStore } from './store.js'

const always: readonly Topic[] = ['overview', 'workers', 'quotas']

/** Least time between two renderings: a burst of patches is rendered once. */
const showMs = 200

let client: Client | null = null
const status = createStore<ClientStatus>('connecting')
const state = createStore<LiveState>({})
let showTimer: ReturnType<typeof setTimeout> | undefined
let shownAt = 0
const wanted = new Map<Topic, number>()

/** Connects to the system, once. */
function startLive(): Client {
  if (client) return client
  // A page shows the newest events: it reads those, not all that it missed.
  client = connect(base, { topics: topics(), missedEvents: 'tell' })
  const own = client
  own.subscribe(() => {
    if (own !== client) return
    if (own.status === 'unauthorized') {
      // In this order: otherwise components would connect again, and be refused again, until the session is known to be gone.
      void refreshSession().then(stopLive)
      return
    }
    showTimer ??= setTimeout(show, Math.max(0, shownAt + showMs - performance.now()))
    if (own.status !== status.get()) show()
  })
  return own
}

function show(): void {
  clearTimeout(showTimer)
  showTimer = undefined
  if (!client) return
  shownAt = performance.now()
  state.set(client.state)
  status.set(client.status)
}

export function stopLive(): void {
  const own = client
  client = null
  state.set({})
  status.set('connecting')
  void own?.close()
}

globalThis.addEventListener?.('online', () => client?.reconnect())

const topics = (): Topic[] => [...always, ...wanted.keys()]
let topicsTimer: ReturnType<typeof setTimeout> | undefined

function want(topic: Topic, by: 1 | -1): void {
  const left = (wanted.get(topic) ?? 0) + by
  if (left > 0) wanted.set(topic, left)
  else wanted.delete(topic)
  // The next view may want the same topic.
  clearTimeout(topicsTimer)
  topicsTimer = setTimeout(() => client?.setTopics(topics()), 0)
}

export const useStatus = (): ClientStatus => useStore(status)

/**
 * A part of the live state. The result of `select` must keep its identity while unchanged: select a part or a plain value.
 *
 * @example
 * const overview = useLive(({ overview }) => overview)
 */
export function useLive<T>(select: (state: LiveState) => T): T {
  startLive()
  return useSource(state.subscribe, () => select(state.get()))
}

/** Has a topic sent while the component is mounted. */
export function useTopic(topic: Topic): void {
  const own = startLive()
  useEffect(() => {
    want(topic, 1)
    return () => want(topic, -1)
  }, [own, topic])
}

/**
 * Calls the listener with each event, log record, or update of beats while the component is mounted.
 *
 * @example
 * useTold('logs', 'log', (record) => add(record))
 */
export function useTold<Name extends keyof ClientMessages>(topic: Topic, name: Name, listener: (told: ClientMessages[Name]) => void): void {
  const latest = useRef(listener)
  latest.current = listener
  useTopic(topic)
  const own = startLive()
  useEffect(() => own.on(name, (told) => latest.current(told)), [own, name])
}

export interface ApiState<T> {
  data: T | undefined
  error: Error | null
  loading: boolean
  reload: () => void
}

/**
 * The API's answer. It is loaded again when the path changes, when the connection is back, and every `everyMs`. The old answer
 * stays until the new one arrives, unless the path is another one.
 *
 * @param path below `/api/v1`; null: ask nothing
 */
export function useApi<T>(path: string | null, { everyMs = 0 }: { everyMs?: number } = {}): ApiState<T> {
  return useAnswer<T>(path, get, everyMs)
}

/**
 * The API's answer to a question that has a body, as of {@link useApi}. An old answer does not stay for another question.
 *
 * @param body null: ask nothing
 */
export function useCount<T>(path: string, body: object | null, { everyMs = 0 }: { everyMs?: number } = {}): ApiState<T> {
  // Without a `?`: it belongs to the place.
  return useAnswer<T>(body && `${path} ${encodeURIComponent(JSON.stringify(body))}`, post, everyMs)
}

type Ask = <T>(question: string, signal: AbortSignal) => Promise<T>

const get: Ask = (path, signal) => request('GET', path, undefined, { signal })
const post: Ask = (question, signal) => {
  const [path = '', body = ''] = question.split(' ')
  return request('POST', path, JSON.parse(decodeURIComponent(body)), { signal })
}

function useAnswer<T>(path: string | null, asking: Ask, everyMs: number): ApiState<T> {
  const [state, setState] = useState<{ path: string | null; data: T | undefined; error: Error | null; loading: boolean }>({
    path,
    data: undefined,
    error: null,
    loading: path !== null,
  })
  const [round, setRound] = useState(0)
  const up = useStatus()
  const reachable = up === 'live' || up === 'polling'
  // A new round, or a connection that is back, is a reason to ask.
  useEffect(() => {
    if (path === null) return undefined
    const gone = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const ask = async (): Promise<void> => {
      if (document.hidden && everyMs > 0) {
        timer = setTimeout(ask, everyMs)
        return
      }
      setState((before) => ({ ...before, loading: true }))
      const answer = await asking<T>(path, gone.signal).then(
        (data) => ({ data, error: null }),
        (error: Error) => ({ data: undefined, error }),
      )
      if (gone.signal.aborted) return
      setState((before) => ({
        path,
        data: answer.data ?? (samePlace(before.path, path) ? before.data : undefined),
        error: answer.error,
        loading: false,
      }))
      if (everyMs > 0) timer = setTimeout(ask, everyMs)
    }
    void ask()
    return () => {
      gone.abort()
      clearTimeout(timer)
    }
  }, [path, asking, everyMs, round, reachable])
  const reload = useCallback(() => setRound((n) => n + 1), [])
  const fits = samePlace(state.path, path)
  return { data: fits ? state.data : undefined, error: fits ? state.error : null, loading: state.loading || !fits, reload }
}

const samePlace = (a: string | null, b: string | null): boolean => a?.split('?')[0] === b?.split('?')[0]

/** Calls the API. @throws ClientError */
export function request<T = unknown>(method: string, path: string, body?: unknown, options?: { signal?: AbortSignal }): Promise<T> {
  return startLive().request<T>(method, path, body, options)
}

/**
 * Calls the API to change something, and shows the outcome.
 *
 * @param done the text to show on success; null: none
 * @returns the answer; undefined if it was refused
 */
export async function act<T = unknown>(method: string, path: string, body?: unknown, done: string | null = 'Done'): Promise<T | undefined> {
  try {
    const answer = await request<T>(method, path, body)
    if (done !== null) toast(done)
    return answer ?? ({} as T)
  } catch (error) {
    toast((error as Error).message, 'error')
    return undefined
  }
}
