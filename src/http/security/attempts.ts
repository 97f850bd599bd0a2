/**
 * Slows down whoever guesses tokens, by address and by the way that they come: a few wrong ones a minute, then each costs twice the time of the one
 * before. The same wrong token again is no new guess. A right token is never asked about here: nobody who guesses can lock out another who knows, and who
 * knows one token guesses no more often for it.
 */
import { isIPv6 } from 'node:net'
import { refuse } from '../base/errors.js'
import { digest } from './tokens.js'

/** How a token comes. */
export type Way = 'bearer' | 'socket' | 'login'

export interface AttemptLimits {
  /** Wrong ones that cost nothing. */
  free: number
  firstMs: number
  maxMs: number
  /** An address is forgotten after so long without a wrong one. */
  forgetMs: number
  /** So many addresses are remembered: those that guessed last. */
  addresses: number
}

const defaults: AttemptLimits = { free: 5, firstMs: 1_000, maxMs: 60_000, forgetMs: 900_000, addresses: 10_000 }
/** So many different wrong tokens are known again. */
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

  /** @throws HTTPException 429 while whoever guesses has to wait */
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
    // Taken out first, so that the map is in order of the last guess.
    this.#byAddress.delete(key)
    this.#byAddress.set(key, guesses)
    const [oldest] = this.#byAddress.keys()
    if (this.#byAddress.size > addresses && oldest !== undefined) this.#byAddress.delete(oldest)
  }
}

const keyOf = (address: string, way: Way): string => `${way} ${network(address)}`

/** Who has one IPv6 address has the 2^64 around it as well. */
function network(address: string): string {
  if (!isIPv6(address)) return address
  const [head = '', tail] = address.toLowerCase().split('::')
  const groups = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? 0 : tail.split(':').length
  const zeros = tail === undefined ? [] : Array.from({ length: Math.max(0, 8 - groups.length - after) }, () => '0')
  return [...groups, ...zeros, ...(tail ?? '').split(':')].slice(0, 4).join(':')
}
