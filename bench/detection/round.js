// @ts-check
/** One contender meets one fault once: starts its host, reads the notes until all is known or patience is over, ends everything. */
import { execFileSync, fork } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { faults } from './faults.js'
import { note, readNotes } from './notes.js'

/**
 * @typedef {object} Outcome
 * @property {number | null} verdictMs from the fault; null: none while we waited
 * @property {number | null} againMs from the fault until a task begins
 * @property {boolean} hostDied
 * @property {'again' | 'failed' | 'lost' | 'pending'} job what became of the task in hand: `failed` is told to whoever gave it
 * @property {boolean} task the verdict names it
 * @property {boolean} stack the verdict says where in the code
 * @property {boolean} cause the verdict says what happened
 * @property {string[]} says in its own words
 */

/** What runs, and its folder. Whatever ends the bench, nothing of it stays behind. */
const live = /** @type {Map<import('node:child_process').ChildProcess, string>} */ (new Map())
process.on('exit', () => {
  for (const [host, folder] of live) killAll(host, folder)
})

/** A host that has not come to the fault by then is broken. */
const startWithinMs = 90_000
/** Work goes on, but what became of the task in hand is not known yet: as long as a retry may take. */
const jobWithinMs = 4_000
/** PM2 gives its processes 1.6 s to end before it kills them. */
const endWithinMs = 10_000

/**
 * @param {import('./contenders.js').Contender} contender
 * @param {import('./faults.js').Fault} fault
 * @param {{ limitMs: number, peers: string, redisPort: number }} options `limitMs`: how long to wait after the fault
 * @returns {Promise<Outcome>}
 */
export async function runRound(contender, fault, { limitMs, peers, redisPort }) {
  const folder = mkdtempSync(join(tmpdir(), 'drover-detection-'))
  execFileSync('mkfifo', [join(folder, 'pipe')])
  const env = {
    ...process.env,
    DETECTION_FOLDER: folder,
    DETECTION_FAULT: fault,
    DETECTION_SETTINGS: JSON.stringify(contender.settings),
    DETECTION_PEERS: peers,
    DETECTION_REDIS_PORT: String(redisPort),
    PM2_HOME: join(folder, 'pm2'),
  }
  let host = startHost(contender.host, env, folder)
  let hostDied = false
  const began = performance.now()
  try {
    for (;;) {
      const outcome = judge(readNotes(folder), fault, hostDied, contender.durable)
      if (outcome?.complete) return outcome
      const waited = outcome ? outcome.waitedMs : performance.now() - began
      if (outcome && waited > (outcome.againMs !== null && outcome.verdictMs !== null ? outcome.againMs + jobWithinMs : limitMs))
        return outcome
      if (!outcome && waited > startWithinMs) throw new Error(`no fault within ${startWithinMs} ms: ${lastWords(folder)}`)
      if (isGone(host) && !hostDied) {
        if (!outcome) throw new Error(`the host ended before the fault: ${lastWords(folder)}`)
        hostDied = true
        note('died', {}, folder)
        if (contender.durable) host = startHost(contender.host, { ...env, DETECTION_RESTARTED: '1' }, folder)
      }
      await sleep(10)
    }
  } finally {
    await end(host, folder)
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** A group of processes of its own, so that it ends as a whole. */
function startHost(/** @type {string} */ name, /** @type {NodeJS.ProcessEnv} */ env, /** @type {string} */ folder) {
  const log = openSync(join(folder, 'host.log'), 'a')
  const path = fileURLToPath(new URL(`./hosts/${name}.js`, import.meta.url))
  const host = fork(path, [], { env, detached: true, stdio: ['ignore', log, log, 'ipc'] })
  closeSync(log)
  host.on('error', () => {})
  live.set(host, folder)
  return host
}

const isGone = (/** @type {import('node:child_process').ChildProcess} */ host) => host.exitCode !== null || host.signalCode !== null

async function end(/** @type {import('node:child_process').ChildProcess} */ host, /** @type {string} */ folder) {
  if (!isGone(host)) {
    const exited = once(host, 'exit')
    host.send('end', () => {})
    await Promise.race([exited, sleep(endWithinMs, undefined, { ref: false })])
  }
  killAll(host, folder)
}

function killAll(/** @type {import('node:child_process').ChildProcess} */ host, /** @type {string} */ folder) {
  live.delete(host)
  kill(-Number(host.pid))
  // PM2's daemon leaves the group; it is gone by now unless something went wrong.
  const daemon = join(folder, 'pm2', 'pm2.pid')
  if (existsSync(daemon)) kill(Number(readFileSync(daemon, 'utf8')))
}

function kill(/** @type {number} */ pid) {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // Gone already.
  }
}

function lastWords(/** @type {string} */ folder) {
  return readFileSync(join(folder, 'host.log'), 'utf8').slice(-1_000)
}

/** What the notes say so far; null before the fault. */
function judge(
  /** @type {import('./notes.js').Note[]} */ notes,
  /** @type {import('./faults.js').Fault} */ fault,
  /** @type {boolean} */ hostDied,
  /** @type {boolean} */ durable,
) {
  const from = notes.find(({ what }) => what === 'fault')
  if (!from) return null
  const since = (/** @type {import('./notes.js').Note | undefined} */ found) => (found ? found.ms - from.ms : null)
  const verdicts = notes.filter(({ what, ms }) => what === 'verdict' && ms >= from.ms)
  const verdictMs = since(verdicts[0])
  const againMs = since(notes.find(({ what }) => what === 'again'))
  const runAgain = notes.some(({ what, task }) => what === 'again' && task === 'a')
  const settled = notes.some(({ what, task }) => what === 'settled' && task === 'a')
  const lost = hostDied && !durable
  const job = /** @type {Outcome['job']} */ (runAgain ? 'again' : settled ? 'failed' : lost ? 'lost' : 'pending')
  return {
    verdictMs,
    againMs,
    hostDied,
    job,
    task: verdicts.some(({ tasks }) => tasks?.includes('a')),
    stack: verdicts.some(({ stack }) => stack?.includes('faults.js')),
    cause: verdicts.some(({ says, stack }) => faults[fault].cause.test(`${says} ${stack}`)),
    says: [...new Set(verdicts.map(({ says }) => says ?? ''))],
    complete: lost || (verdictMs !== null && againMs !== null && job !== 'pending'),
    waitedMs: Number(process.hrtime.bigint()) / 1e6 - from.ms,
  }
}
