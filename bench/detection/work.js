// @ts-check
/** The work that every contender is given: whoever comes first commits the fault, whoever comes later says that work goes on. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { commit, forEver } from './faults.js'
import { folder, note } from './notes.js'

const fault = /** @type {import('./faults.js').Fault} */ (process.env.DETECTION_FAULT)

/** What runs before the first task, in each thread or process anew. */
export async function setUp() {
  if (fault !== 'setup' || !first()) return
  note('fault')
  await forEver()
}

/** One task. */
export async function work(/** @type {string} */ task) {
  if (fault === 'setup' || !first()) {
    note('again', { task })
    return task
  }
  note('fault', { task })
  return commit[fault](folder)
}

function first() {
  try {
    writeFileSync(join(folder, 'committed'), '', { flag: 'wx' })
    return true
  } catch {
    return false
  }
}
