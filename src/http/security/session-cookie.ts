/** The cookie of a session. Cookies ignore ports, so its name distinguishes the servers of one host. */
import type { Context } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import type { CookieOptions } from 'hono/utils/cookie'
import type { Env } from '../base/request-env.js'
import { isSecure, portOf } from './address.js'
import { digest } from './tokens.js'

type Request = Context<Env>

const nameOf = (c: Request): string =>
  `drover_${digest([portOf(c), c.req.header('host') ?? '', c.get('mount')].join('\n'))
    .toString('hex')
    .slice(0, 12)}`

export class SessionCookie {
  readonly #behindProxy: boolean

  constructor(behindProxy: boolean) {
    this.#behindProxy = behindProxy
  }

  read(c: Request): string | undefined {
    return getCookie(c, nameOf(c), this.#prefix(c))
  }

  write(c: Request, id: string): void {
    setCookie(c, nameOf(c), id, this.#options(c))
  }

  remove(c: Request): void {
    deleteCookie(c, nameOf(c), this.#options(c))
  }

  /** Browsers accept these prefixes only over https, and `__Host-` only from this host, so no neighbour can plant such a cookie. */
  #prefix(c: Request): 'host' | 'secure' | undefined {
    if (!isSecure(c, this.#behindProxy)) return undefined
    return c.get('mount') === '' ? 'host' : 'secure'
  }

  #options(c: Request): CookieOptions {
    const prefix = this.#prefix(c)
    const secure = prefix !== undefined
    return { httpOnly: true, sameSite: 'Strict', path: c.get('mount') || '/', secure, ...(prefix && { prefix }) } as CookieOptions
  }
}
