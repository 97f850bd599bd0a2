/** Where a request came from. */

import type { Socket } from 'node:net'
import { isIP } from 'node:net'
import type { Context } from 'hono'

/** What node-server hands to the app; nothing of it where another server is in use. */
interface Bindings {
  incoming?: { socket?: Socket }
}

const socketOf = (c: Context): Socket | undefined => (c.env as Bindings | undefined)?.incoming?.socket

/** The address, or `unknown`. Behind a proxy it is the one that the proxy, the last of them, has written down. */
export function addressOf(c: Context, behindProxy: boolean): string {
  const forwarded = behindProxy ? c.req.header('x-forwarded-for')?.split(',').at(-1)?.trim() : undefined
  if (forwarded !== undefined && isIP(forwarded)) return forwarded
  return socketOf(c)?.remoteAddress?.replace(/^::ffff:(?=\d)/, '') ?? 'unknown'
}

/** The port that it came in by; 0 where that is not known. */
export const portOf = (c: Context): number => socketOf(c)?.localPort ?? 0

/** Whether it came from this machine, and not through a proxy on it that let somebody else in. */
export function isLocal(c: Context, behindProxy: boolean): boolean {
  const passedOn = !behindProxy && ['x-forwarded-for', 'forwarded', 'x-real-ip'].some((name) => c.req.header(name) !== undefined)
  return !passedOn && isLoopback(addressOf(c, behindProxy))
}

/** Whether a name or address means this machine and is not reachable from others. */
export function isLoopback(host: string): boolean {
  const plain = host.replace(/^\[|\]$/g, '')
  return plain === 'localhost' || plain === '::1' || (isIP(plain) === 4 && plain.startsWith('127.'))
}

/** Whether the browser, or the proxy in front, speaks https. */
export function isSecure(c: Context, behindProxy: boolean): boolean {
  if (behindProxy && c.req.header('x-forwarded-proto') === 'https') return true
  return new URL(c.req.url).protocol === 'https:'
}
