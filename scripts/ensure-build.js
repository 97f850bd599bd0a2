/**
 * Builds `dist` if it is missing or older than what it is made of, so that examples and their tests, which use the package by
 * its name, run from a fresh clone and never run yesterday's code. Of several processes at once, one builds, and the others wait.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'

/** When the newest of the files was changed; 0 if there is none. */
const newest = (/** @type {string[]} */ files) => Math.max(0, ...files.map((file) => statSync(file).mtimeMs))
const oldest = (/** @type {string[]} */ files) => Math.min(...files.map((file) => statSync(file).mtimeMs))

/** @returns {string[]} */
function filesIn(/** @type {string} */ folder) {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
  } catch {
    return []
  }
}

function isBuilt() {
  const built = filesIn('dist')
  const sources = [...filesIn('src'), 'scripts/build-dashboard.js', 'package.json', 'tsup.config.ts', 'tsconfig.json']
  const complete = ['worker.d.ts', 'index.html'].every((name) => built.some((file) => file.endsWith(name)))
  return complete && oldest(built) >= newest(sources)
}

/**
 * Takes the lock: SQLite's, because the operating system takes it back when its process ends, however it ends.
 *
 * @param {number} timeout
 * @returns {Database.Database | null} null if another process has it for all that time
 */
function lock(timeout) {
  const file = new Database('.tmp/build.lock', { timeout })
  try {
    return file.exec('begin exclusive')
  } catch (error) {
    file.close()
    if (error instanceof Database.SqliteError && error.code === 'SQLITE_BUSY') return null
    throw error
  }
}

/** A build takes half a minute of a quiet machine. */
const longestMs = 30 * 60_000

function build() {
  mkdirSync('.tmp', { recursive: true })
  let held = lock(0)
  if (!held) {
    console.error('another process builds dist: waiting for it ...')
    held = lock(longestMs)
  }
  if (!held) throw new Error(`another process has held .tmp/build.lock for ${longestMs / 60_000} minutes`)
  // It may be what the other one has built.
  if (!isBuilt()) {
    console.error('building dist ...')
    execFileSync('npm', ['run', 'build', '--silent'], { stdio: ['ignore', 'ignore', 'inherit'], shell: process.platform === 'win32' })
  }
  held.close()
}

// While another one builds, files come and go: what is seen then does not count.
function isBuiltNow() {
  try {
    return isBuilt()
  } catch {
    return false
  }
}

if (!isBuiltNow()) build()
