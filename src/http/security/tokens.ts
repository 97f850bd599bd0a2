/** The role of a token, compared in constant time. */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { Role } from '../base/options.js'

/** Hashes have one length, so that they can be compared in constant time. */
export const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

/** Whether two texts are equal, in constant time. */
export const sameText = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b))

/** @returns the role of a token, or null */
export function tokenRoles({ token, readToken }: { token?: string; readToken?: string }): (presented: string) => Role | null {
  const control = token === undefined ? null : digest(token)
  const read = readToken === undefined ? null : digest(readToken)
  return (presented) => {
    const given = digest(presented)
    const isControl = control !== null && timingSafeEqual(given, control)
    const isRead = read !== null && timingSafeEqual(given, read)
    return isControl ? 'control' : isRead ? 'read' : null
  }
}
