/**
 * Runs the tests: one process for each file, with a time limit. uvu alone runs all files in one process without one, and is
 * green where a `before` hook threw or `.run()` was forgotten; so here a file passes only if its process ends by itself with
 * code 0 and its totals say that every test passed. The longest begin first, so that none is alone at the end.
 *
 * usage: npm test -- [--jobs 4] [--timeout 600] [part of a path ...]
 */
import { spawn } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { findChromium } from '../test/http/browser/support/chromium.js'

interface Outcome {
  passed: number
  failed: number
  skipped: number
  /** Why the file failed, or null. */
  why: string | null
  output: string
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    // Two more than there are cores, up to four: many tests wait for most of their time.
    jobs: { type: 'string', default: String(Math.min(4, availableParallelism() + 2)) },
    timeout: { type: 'string', default: '600' },
    folder: { type: 'string', default: 'test' },
  },
})
const timeoutSeconds = Number(values.timeout)

/** What is built runs without a loader. */
const register = new URL('../test/register.mjs', import.meta.url).href

/** Process groups that run now: a test may have started processes of its own, and they go with it. */
const running = new Set<number>()

function runFile(file: string): Promise<Outcome> {
  const { FORCE_COLOR: _, ...env } = process.env
  const built = fileURLToPath(new URL(`../${file.replace(/ts$/, 'js')}`, import.meta.url))
  const child = spawn(process.execPath, ['--import', register, built], {
    detached: true,
    env: { ...env, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  // uvu's totals are read from stdout alone: what comes on stderr at the same moment would stand in between.
  let stdout = ''
  let late = false
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    output += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  if (child.pid !== undefined) running.add(child.pid)
  const timer = setTimeout(() => {
    late = true
    killGroup(child.pid)
  }, timeoutSeconds * 1_000)
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ passed: 0, failed: 1, skipped: 0, why: error.message, output }))
    child.once('exit', (code, signal) => {
      clearTimeout(timer)
      // What the test left running would hold the pipes open.
      killGroup(child.pid)
      const bad = late
        ? `did not end within ${timeoutSeconds} s`
        : code === 0
          ? null
          : `ended with ${code === null ? signal : `code ${code}`}`
      child.once('close', () => resolve({ ...judge(stdout, bad), output }))
    })
  })
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return
  running.delete(pid)
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // Nobody is left in the group.
  }
}

function judge(stdout: string, bad: string | null): Omit<Outcome, 'output'> {
  const found = [...stdout.matchAll(/^ {2}Total: +(\d+)\n {2}Passed: +(\d+)\n {2}Skipped: +(\d+)$/gm)].at(-1)
  if (!found) return { passed: 0, failed: 1, skipped: 0, why: bad ?? 'no totals: .run() is missing, or the process ended early' }
  const [total, passed, skipped] = found.slice(1).map(Number) as [number, number, number]
  if (total === 0 && skipped === 0) return { passed, failed: 1, skipped, why: bad ?? 'no test ran' }
  const failed = total - passed
  // A hook that throws, or an end that is not clean, counts as one failure even where every test passed.
  // A hook that throws stops uvu without a word, and with code 0.
  const why = bad ?? (failed > 0 ? `${failed} of ${total} tests did not pass: a hook threw` : null)
  return { passed, failed: why === null ? 0 : Math.max(1, failed), skipped, why }
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    for (const pid of running) killGroup(pid)
    process.exit(1)
  })
}

/** What each file took the last time, by its path. */
const timesFile = '.tmp/test-seconds.json'
/** What a fresh checkout knows of it. */
const slow = [
  'actors/system/many-workers',
  'actors/worker/counters',
  'actors/worker/shortage',
  'actors/worker/stops',
  'docs/programs',
  'docs/types',
  'examples/demo',
  'examples/llm-labelling',
  'examples/whole-demo',
  'http/browser/views',
  'http/fuzz',
  'http/security/attacks',
  'memory/crashes',
  'quotas/processes',
  'soak/soak',
  'store/damaged-store',
  'store/thread/store-thread',
  'threads/evidence/evidence',
  'threads/heartbeat/false-positives',
  'threads/isolation/hard-cases',
  'threads/isolation/faults',
  'threads/isolation/isolation',
  'threads/isolation/process-abort',
  'threads/runtime/tasks',
]
const known: Record<string, number> = Object.fromEntries(slow.map((path) => [`test/${path}.test.ts`, 40]))
try {
  Object.assign(known, JSON.parse(readFileSync(timesFile, 'utf8')))
} catch {
  // The first run.
}
/** Such a file of its own at the end would run alone; one that nobody knows may be such. */
const secondsOf = (file: string): number => known[file] ?? 20

const files = readdirSync(values.folder, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.ts'))
  .map((file) => join(values.folder, file))
  .filter((file) => positionals.length === 0 || positionals.some((part) => file.includes(part)))
  .sort((a, b) => secondsOf(b) - secondsOf(a) || (a < b ? -1 : 1))
// Before any file's time runs: it may have to be installed, and an installation must not be cut off.
if (files.some((file) => file.includes('browser'))) findChromium()
const totals = { passed: 0, failed: 0, skipped: 0 }
const queue = [...files]

async function work(): Promise<void> {
  for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
    const startedAt = Date.now()
    const { why, output, ...counts } = await runFile(file)
    totals.passed += counts.passed
    totals.failed += counts.failed
    totals.skipped += counts.skipped
    const took = (Date.now() - startedAt) / 1_000
    const seconds = took.toFixed(1)
    known[file] = Math.round(took)
    if (why === null) console.log(`ok    ${file}  ${counts.passed} passed, ${seconds} s`)
    else console.log(`\nFAIL  ${file}  ${why}, ${seconds} s\n${output}`)
  }
}

await Promise.all(Array.from({ length: Number(values.jobs) }, work))
mkdirSync('.tmp', { recursive: true })
writeFileSync(timesFile, JSON.stringify(known))
if (files.length === 0) console.log(`no test file matches ${positionals.join(', ')}`)
console.log(`\n${totals.passed} passed, ${totals.failed} failed${totals.skipped > 0 ? `, ${totals.skipped} skipped` : ''}`)
process.exitCode = totals.failed > 0 || files.length === 0 ? 1 : 0
