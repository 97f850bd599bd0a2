/** Sessions of browsers, kept in memory under the hash of their id, so that the stored data gives no access. */

import { randomBytes } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import { longestTimerMs } from '../../bounds.js'
import type { Role } from '../base/options.js'
import { digest } from './tokens.js'

export interface Session {
  role: Role
  /** `session ab12cd`. */
  who: string
  /** The CSRF token of calls that change something. */
  csrf: string
  /** Aborts when it ends. */
  ended: AbortSignal
}

interface Kept extends Session {
  end: AbortController
  beganAt: number
  usedAt: number
}

/** The longest life of a session, even if used. */
const longestMs = 7 * 86_400_000
/** The most sessions of each role. Counted by role, so that many logins for reading cannot end sessions with more rights. */
const mostSessions = 1_000
const secret = (): string => randomBytes(32).toString('base64url')
const keyOf = (id: string): string => digest(id).toString('hex')

export class Sessions {
  readonly #idleMs: number
  readonly #now: () => number
  readonly #onEnd: (who: string) => void
  /** In order of last use. */
  readonly #kept = new Map<string, Kept>()
  #timer: NodeJS.Timeout | null = null

  /**
   * @param idleMs life of a session without requests
   * @param onEnd called for each ended session
   */
  constructor(idleMs: number, now: () => number, onEnd: (who: string) => void) {
    this.#idleMs = idleMs
    this.#now = now
    this.#onEnd = onEnd
  }

  get size(): number {
    return this.#kept.size
  }

  begin(role: Role): { id: string; session: Session } {
    const id = secret()
    const key = keyOf(id)
    const now = this.#now()
    const end = new AbortController()
    setMaxListeners(0, end.signal)
    const who = `session ${key.slice(0, 8)}`
    const session: Kept = { role, who, csrf: secret(), beganAt: now, usedAt: now, end, ended: end.signal }
    this.#kept.set(key, session)
    const ofRole = [...this.#kept].filter(([, each]) => each.role === role)
    const [oldest] = ofRole
    if (ofRole.length > mostSessions && oldest) this.#end(oldest[0])
    this.#watch()
    return { id, session }
  }

  /** The session with this id; it counts as used. */
  use(id: string): Session | null {
    const key = keyOf(id)
    const session = this.#kept.get(key)
    if (!session) return null
    const now = this.#now()
    if (now >= this.#endOf(session)) {
      this.#end(key)
      return null
    }
    session.usedAt = now
    this.#kept.delete(key)
    this.#kept.set(key, session)
    return session
  }

  end(id: string): void {
    this.#end(keyOf(id))
  }

  /** Without any, no timer is left. */
  clear(): void {
    for (const key of [...this.#kept.keys()]) this.#end(key)
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
  }

  #end(key: string): void {
    const session = this.#kept.get(key)
    if (!session) return
    this.#kept.delete(key)
    session.end.abort()
    this.#onEnd(session.who)
  }

  #endOf({ usedAt, beganAt }: Kept): number {
    return Math.min(usedAt + this.#idleMs, beganAt + Math.max(longestMs, this.#idleMs))
  }

  /** Ends unused sessions by a timer, because sockets may be open with them. */
  #watch(): void {
    if (this.#timer) return
    const next = Math.min(...[...this.#kept.values()].map((session) => this.#endOf(session)))
    if (!Number.isFinite(next)) return
    const waitMs = Math.min(longestTimerMs, Math.max(1, next - this.#now()))
    this.#timer = setTimeout(() => {
      this.#timer = null
      const now = this.#now()
      for (const [key, session] of [...this.#kept]) if (now >= this.#endOf(session)) this.#end(key)
      this.#watch()
    }, waitMs)
    this.#timer.unref()
  }
}
