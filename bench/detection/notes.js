// @ts-check
/**
 * What happened and when, as lines of a file that threads, processes and hosts of every contender append to: it outlives them all, and
 * `process.hrtime` is one clock for all processes of a machine.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * - `fault`: the task is about to do it
 * - `again`: a task begins after the fault
 * - `verdict`: the contender says that something is wrong: in what words, with what stack, naming which tasks
 * - `settled`: whoever gave the task was told how it ended
 * - `died`: the contender's host is gone
 *
 * @typedef {{ what: 'fault' | 'again' | 'verdict' | 'settled' | 'died', ms: number, task?: string, says?: string, stack?: string | null, tasks?: string[] }} Note
 */

export const folder = process.env.DETECTION_FOLDER ?? ''

/** @param {Omit<Note, 'what' | 'ms'>} [more] */
export function note(/** @type {Note['what']} */ what, more = {}, into = folder) {
  const ms = Number(process.hrtime.bigint()) / 1e6
  appendFileSync(join(into, 'notes'), `${JSON.stringify({ what, ms, ...more })}\n`)
}

/** @returns {Note[]} */
export function readNotes(/** @type {string} */ from) {
  const file = join(from, 'notes')
  if (!existsSync(file)) return []
  const lines = readFileSync(file, 'utf8').split('\n')
  // What comes after the last newline is still being written.
  return lines.slice(0, -1).map((line) => JSON.parse(line))
}

/** An error as a contender hands it out. */
export function noteError(/** @type {unknown} */ error, /** @type {string[]} */ tasks) {
  const { message, stack } = error instanceof Error ? error : { message: String(error), stack: null }
  note('verdict', { says: message, stack: stack ?? null, tasks })
}
