/** The login. The session itself is a cookie that no script can read. */
import type { Session } from '../../contract/log.js'
import { noteServerTime } from './server-clock.js'
import { createStore, useStore } from './store.js'

/** The address of the status app, at any mount point. */
export const base = globalThis.document ? new URL('.', document.baseURI).href.replace(/\/$/, '') : ''

export type SessionState = { known: false; error: string | null } | ({ known: true } & Session)

const session = createStore<SessionState>({ known: false, error: null })

export const useSession = (): SessionState => useStore(session)

/** Whether changes are allowed; false while not known. */
export const mayControl = (state: SessionState): boolean => state.known && state.role === 'control'

/** The reason why controls are not offered. */
export const readOnly = 'This token is for reading only'

async function ask(method: string, body?: object, headers: Record<string, string> = {}): Promise<Response> {
  const askedAt = Date.now()
  const answer = await fetch(`${base}/api/v1/session`, {
    method,
    headers: { accept: 'application/json', ...(body && { 'content-type': 'application/json' }), ...headers },
    ...(body && { body: JSON.stringify(body) }),
  })
  noteServerTime(answer, askedAt)
  return answer
}

/** Loads the session; false if the server did not answer. */
export async function refreshSession(): Promise<boolean> {
  try {
    const response = await ask('GET')
    if (!response.ok) throw new Error(`The server answered ${response.status}`)
    session.set({ known: true, ...((await response.json()) as Session) })
    return true
  } catch (error) {
    if (!session.get().known)
      session.set({ known: false, error: error instanceof TypeError ? 'The server does not answer' : String(error) })
    return false
  }
}

/** @returns null, or the error */
export async function logIn(token: string): Promise<string | null> {
  try {
    const response = await ask('POST', { token })
    const answer = (await response.json()) as Session & { message?: string }
    if (!response.ok) return response.status === 401 ? 'This is not a token of this server' : (answer.message ?? 'The login failed')
    session.set({ known: true, ...answer })
    return null
  } catch {
    return 'The server does not answer'
  }
}

export async function logOut(): Promise<void> {
  const now = session.get()
  await ask('DELETE', undefined, now.known && now.csrf ? { 'x-drover-csrf': now.csrf } : {}).catch(() => null)
  await refreshSession()
}
