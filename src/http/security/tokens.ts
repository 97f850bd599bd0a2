/** Which role a token has, told in the same time whatever was presented. */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { Role } from '../base/options.js'

/** Of one length, so that they can be compared in constant time. */
export const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

/** Whether two texts are the same, without telling how far they are. */
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
