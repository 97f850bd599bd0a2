/** The origin of a request: address, port, protocol. */

import type { Socket } from 'node:net'
import { isIP } from 'node:net'
import type { Context } from 'hono'

/** The bindings of node-server; missing with another server. */
interface Bindings {
  incoming?: { socket?: Socket }
}

const socketOf = (c: Context): Socket | undefined => (c.env as Bindings | undefined)?.incoming?.socket

/** Headers that proxies add. */
const passedOnHeaders = ['x-forwarded-for', 'forwarded', 'x-real-ip', 'x-forwarded-host', 'x-forwarded-proto', 'via', 'cf-connecting-ip']
const isPassedOn = (c: Context): boolean => passedOnHeaders.some((name) => c.req.header(name) !== undefined)

/**
 * The address, or `unknown`. Behind a proxy it is the one that the last proxy has added. If that is not an address, the proxy's
 * own address is not used instead: it may be this machine's.
 */
export function addressOf(c: Context, behindProxy: boolean): string {
  if (behindProxy && isPassedOn(c)) {
    const forwarded = c.req.header('x-forwarded-for')?.split(',').at(-1)?.trim() ?? ''
    return isIP(forwarded) ? forwarded : 'unknown'
  }
  return socketOf(c)?.remoteAddress?.replace(/^::ffff:(?=\d)/, '') ?? 'unknown'
}

/** The port of the connection; 0 if not known. */
export const portOf = (c: Context): number => socketOf(c)?.localPort ?? 0

/** Whether it came from this machine, and not from elsewhere through a proxy on it. */
export function isLocal(c: Context, behindProxy: boolean): boolean {
  return (behindProxy || !isPassedOn(c)) && isLoopback(addressOf(c, behindProxy))
}

/** Whether a name or address means this machine and is not reachable from others. */
export function isLoopback(host: string): boolean {
  const plain = host.replace(/^\[|\]$/g, '')
  return plain === 'localhost' || plain === '::1' || (isIP(plain) === 4 && plain.startsWith('127.'))
}

/** Whether the browser, or the proxy in front, speaks https. */
export function isSecure(c: Context, behindProxy: boolean): boolean {
  // Some proxies send `wss` for the upgrade to a WebSocket.
  if (behindProxy && /^(https|wss)$/.test(c.req.header('x-forwarded-proto') ?? '')) return true
  return new URL(c.req.url).protocol === 'https:'
}
