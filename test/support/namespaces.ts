/** Process namespaces of a test's own, as containers have them. Not everybody may make one: tests that need one say so. */
import { execFileSync } from 'node:child_process'

/** @param flags of `unshare` */
export function canUnshare(flags: readonly string[]): boolean {
  try {
    execFileSync('unshare', [...flags, 'true'], { stdio: 'ignore' })
    return true
  } catch {
    console.log(`  skipped: a process namespace cannot be made here (unshare ${flags.join(' ')})`)
    return false
  }
}
