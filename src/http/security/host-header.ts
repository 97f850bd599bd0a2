/** Refuses requests under a host name that is not this server's, against DNS rebinding. */
import { isIP } from 'node:net'
import type { MiddlewareHandler } from 'hono'
import { refuse } from '../base/errors.js'
import type { CompiledStatusOptions, Env } from '../base/request-env.js'
import { isLoopback } from './address.js'

export function hostGuard({ hosts, token, readToken }: CompiledStatusOptions): MiddlewareHandler<Env> {
  const known = new Set(hosts === '*' ? [] : hosts)
  // An IP address cannot be rebound. It is accepted only with a token.
  const anyAddress = (token ?? readToken) !== undefined
  const fits = (name: string): boolean => isLoopback(name) || known.has(name) || (anyAddress && isIP(name.replace(/^\[|\]$/g, '')) !== 0)
  return async (c, next) => {
    const name = hostName(c.req.header('host') ?? new URL(c.req.url).host)
    if (hosts !== '*' && !fits(name)) throw refuse('FORBIDDEN_HOST', 'this host name is not known here: add it to the option hosts')
    await next()
  }
}

/** Without the port. */
const hostName = (host: string): string => host.toLowerCase().replace(/:\d+$/, '').replace(/\.$/, '')
