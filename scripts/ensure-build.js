/**
 * Builds `dist` if it is missing or older than what it is made of, so that examples and their tests, which use the package by
 * its name, run from a fresh clone and never run yesterday's code.
 */
import { execFileSync } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

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

const built = filesIn('dist')
const sources = [...filesIn('src'), 'scripts/build-dashboard.js', 'package.json', 'tsup.config.ts', 'tsconfig.json']
const complete = ['worker.d.ts', 'index.html'].every((name) => built.some((file) => file.endsWith(name)))
if (!complete || oldest(built) < newest(sources)) {
  console.error('building dist ...')
  execFileSync('npm', ['run', 'build', '--silent'], { stdio: ['ignore', 'ignore', 'inherit'], shell: process.platform === 'win32' })
}
