/**
 * Identifies the caller: by a bearer token, by the token in the WebSocket's subprotocols, by the cookie of a session, by the
 * application, or, without any token, by being on this machine. A token in the URL is ignored, because URLs end up in logs.
 */

import type { Context } from 'hono'
import { longestName } from '../../bounds.js'
import { refuse } from '../base/errors.js'
import type { Role, User } from '../base/options.js'
import type { Caller, CompiledStatusOptions, Env } from '../base/request-env.js'
import { addressOf, isLocal } from './address.js'
import type { Attempts, Way } from './attempts.js'
import type { SessionCookie } from './session-cookie.js'
import type { Session, Sessions } from './sessions.js'
import { sameText, tokenRoles } from './tokens.js'

/** Methods that change nothing. */
const safeMethods: readonly string[] = ['GET', 'HEAD', 'OPTIONS']
export const changes = (c: Context): boolean => !safeMethods.includes(c.req.method)

/** Prefix of a token as subprotocol, in base64url: browsers cannot set headers of a WebSocket. */
const tokenProtocol = 'drover.token.'

export interface Identity extends Caller {
  /** The `x-drover-csrf` that calls which change something must send; null: none. */
  csrf: string | null
}

export class Identifier {
  readonly #options: CompiledStatusOptions
  readonly #attempts: Attempts
  readonly #sessions: Sessions
  readonly #cookie: SessionCookie
  readonly #roleOf: (token: string) => Role | null

  constructor(options: CompiledStatusOptions, attempts: Attempts, sessions: Sessions, cookie: SessionCookie) {
    this.#options = options
    this.#attempts = attempts
    this.#sessions = sessions
    this.#cookie = cookie
    this.#roleOf = tokenRoles(options)
  }

  /** Whether a token, or the application, decides. */
  get isProtected(): boolean {
    const { token, readToken, authorize } = this.#options
    return (token ?? readToken ?? authorize) !== undefined
  }

  /** Whether there are tokens to log in with. */
  get takesTokens(): boolean {
    const { token, readToken } = this.#options
    return (token ?? readToken) !== undefined
  }

  /**
   * @returns null without any credentials
   * @throws HTTPException 401 for a wrong token, 429 after too many, 403 for a cookie without its header, or if only this machine
   * has access
   */
  async identify(c: Context<Env>): Promise<Identity | null> {
    const { authorize } = this.#options
    if (authorize) return this.#byApplication(c, authorize)
    if (!this.isProtected) return this.#byPlace(c)
    const bearer = bearerOf(c)
    const token = bearer ?? subprotocolToken(c)
    if (token !== null)
      return {
        role: this.login(c, token, bearer === null ? 'socket' : 'bearer'),
        who: 'token',
        name: null,
        from: this.#from(c),
        csrf: null,
      }
    const session = this.session(c)
    if (!session) return null
    if (changes(c)) checkCsrf(c, session.csrf)
    return { role: session.role, who: session.who, name: null, from: this.#from(c), csrf: session.csrf, ended: session.ended }
  }

  /** The session of its cookie. */
  session(c: Context<Env>): Session | null {
    const id = this.#cookie.read(c)
    return id === undefined ? null : this.#sessions.use(id)
  }

  /**
   * The role of a token.
   *
   * @throws HTTPException 401 or 429
   */
  login(c: Context, token: string, way: Way): Role {
    const role = this.#roleOf(token)
    if (role) return role
    const from = this.#from(c)
    this.#attempts.check(from, way)
    this.#attempts.failed(from, way, token)
    throw unauthorized('the token is wrong')
  }

  async #byApplication(c: Context<Env>, authorize: NonNullable<CompiledStatusOptions['authorize']>): Promise<Identity | null> {
    const user = await decide(authorize, c)
    if (!user || (user.role !== 'read' && user.role !== 'control')) return null
    const { role, name } = user
    if (name !== null && !isName(name))
      throw unauthorized('authorize: name must be a text of 1 to 200 characters, without control characters')
    // A form of another page can send a cookie, but no custom header.
    const byCookie = c.req.header('cookie') !== undefined && c.req.header('authorization') === undefined
    if (changes(c) && byCookie && !c.req.header('x-drover-csrf')) throw csrfFailed()
    return { role, who: name === null ? 'application' : `user ${name}`, name, from: this.#from(c), csrf: '1' }
  }

  #byPlace(c: Context): Identity {
    if (!isLocal(c, this.#options.behindProxy)) throw refuse('FORBIDDEN', 'without a token, only requests from this machine are answered')
    return { role: 'control', who: 'local', name: null, from: this.#from(c), csrf: null }
  }

  #from(c: Context): string {
    return addressOf(c, this.#options.behindProxy)
  }
}

export const unauthorized = (message: string) =>
  refuse('UNAUTHORIZED', message, { headers: { 'www-authenticate': 'Bearer realm="drover"' } })

/** @returns the answer of the application, unchecked; name null: it is a role alone */
async function decide(
  authorize: NonNullable<CompiledStatusOptions['authorize']>,
  c: Context,
): Promise<{ role: Role; name: User['name'] | null } | null> {
  try {
    const answer = await authorize(c)
    if (typeof answer !== 'object' || answer === null) return answer && { role: answer, name: null }
    const { role, name } = answer
    return { role, name: name ?? '' }
  } catch {
    return null
  }
}

/** Characters that end a line, or that make a reader see another one: controls, half a pair, changes of direction. */
const unreadable = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u
const isName = (name: unknown): boolean =>
  typeof name === 'string' && name.trim() !== '' && name.length <= longestName && !unreadable.test(name)

const csrfFailed = () => refuse('CSRF_FAILED', 'a call with a cookie that changes something needs the header x-drover-csrf of its session')

function checkCsrf(c: Context, expected: string): void {
  if (!sameText(c.req.header('x-drover-csrf') ?? '', expected)) throw csrfFailed()
}

function bearerOf(c: Context): string | null {
  const header = c.req.header('authorization')
  if (header === undefined) return null
  return /^Bearer +(\S+) *$/i.exec(header)?.[1] ?? ''
}

function subprotocolToken(c: Context): string | null {
  if (c.req.header('upgrade')?.toLowerCase() !== 'websocket') return null
  const offered = c.req
    .header('sec-websocket-protocol')
    ?.split(',')
    .map((each) => each.trim())
  const named = offered?.find((each) => each.startsWith(tokenProtocol))
  return named === undefined ? null : Buffer.from(named.slice(tokenProtocol.length), 'base64url').toString('utf8')
}
