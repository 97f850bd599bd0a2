/**
 * Slows down guessing of tokens, by address and by way: a few wrong tokens are free, then each doubles the wait. The same wrong
 * token again is no new guess. Correct tokens never come here: guessing cannot lock out a client with a token, and a client with
 * a token cannot guess faster.
 */
import { isIPv6 } from 'node:net'
import { refuse } from '../base/errors.js'
import { digest } from './tokens.js'

/** The way in which a token is sent. */
export type Way = 'bearer' | 'socket' | 'login'

export interface AttemptLimits {
  /** Wrong tokens without a wait. */
  free: number
  firstMs: number
  maxMs: number
  /** An address is forgotten after this time without a wrong token. */
  forgetMs: number
  /** Number of remembered addresses, the latest ones. */
  addresses: number
}

const defaults: AttemptLimits = { free: 5, firstMs: 1_000, maxMs: 60_000, forgetMs: 900_000, addresses: 10_000 }
/** Wrong tokens remembered for each address. */
const knownAgain = 8

interface Guesses {
  wrong: number
  last: number
  until: number
  known: string[]
}

export class Attempts {
  readonly #limits: AttemptLimits
  readonly #now: () => number
  readonly #byAddress = new Map<string, Guesses>()

  /** @param now ms */
  constructor(now: () => number, limits: Partial<AttemptLimits> = {}) {
    this.#now = now
    this.#limits = { ...defaults, ...limits }
  }

  /** How many addresses are remembered. */
  get size(): number {
    return this.#byAddress.size
  }

  /** @throws HTTPException 429 while the address must wait */
  check(address: string, way: Way): void {
    const waitMs = (this.#byAddress.get(keyOf(address, way))?.until ?? 0) - this.#now()
    if (waitMs <= 0) return
    const seconds = Math.ceil(waitMs / 1_000)
    throw refuse('TOO_MANY_LOGINS', `too many wrong tokens from this address: try again in ${seconds} s`, {
      headers: { 'retry-after': String(seconds) },
    })
  }

  /** A wrong token came. */
  failed(address: string, way: Way, token: string): void {
    const { free, firstMs, maxMs, forgetMs, addresses } = this.#limits
    const now = this.#now()
    const key = keyOf(address, way)
    const before = this.#byAddress.get(key)
    const guesses = before && now - before.last < forgetMs ? before : { wrong: 0, last: now, until: 0, known: [] }
    const mark = digest(token).toString('base64')
    if (guesses.known.includes(mark)) return
    guesses.known = [...guesses.known, mark].slice(-knownAgain)
    guesses.wrong++
    guesses.last = now
    if (guesses.wrong > free) guesses.until = now + Math.min(maxMs, firstMs * 2 ** (guesses.wrong - free - 1))
    // Deleted first, so that the map is in order of the last guess.
    this.#byAddress.delete(key)
    this.#byAddress.set(key, guesses)
    const [oldest] = this.#byAddress.keys()
    if (this.#byAddress.size > addresses && oldest !== undefined) this.#byAddress.delete(oldest)
  }
}

const keyOf = (address: string, way: Way): string => `${way} ${network(address)}`

/** An owner of one IPv6 address has the 2^64 around it too. */
function network(address: string): string {
  if (!isIPv6(address)) return address
  const [head = '', tail] = address.toLowerCase().split('::')
  const groups = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? 0 : tail.split(':').length
  const zeros = tail === undefined ? [] : Array.from({ length: Math.max(0, 8 - groups.length - after) }, () => '0')
  return [...groups, ...zeros, ...(tail ?? '').split(':')].slice(0, 4).join(':')
}
