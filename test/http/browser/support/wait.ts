/** Waiting for what is asked of a page, or of a system, again and again: no fixed sleep, and a deadline that says what it waited for. */
import { setTimeout as sleep } from 'node:timers/promises'
import { hangMs } from '../../../support/hang.js'

/** How long anything on a page may take, in ms. */
export const withinMs = hangMs

/** Waits until `condition` answers true; an error that it throws counts as false, and is told if it was the last answer. */
export async function eventually(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (const deadline = performance.now() + withinMs; ; await sleep(25)) {
    const answer = await Promise.resolve()
      .then(condition)
      .catch((error: unknown) => error)
    if (answer === true) return
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`, { cause: answer })
  }
}
