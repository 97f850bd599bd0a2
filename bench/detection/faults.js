// @ts-check
/** What goes wrong, the same for every contender: each fault happens in the middle of a task, `setup` before the first one. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const hung = /beat|progress|stalled|timeout|timed out/i

/**
 * `ends`: the thread or the process goes down by itself, and somebody has to hear of it. `hangs`: nothing goes down, and somebody has
 * to miss it. `cause`: words by which a verdict tells this fault from others.
 *
 * @typedef {keyof typeof faults} Fault
 */
export const faults = /** @type {const} */ ({
  throw: { group: 'ends', name: 'throws in a timer', cause: /thrown on purpose/ },
  reject: { group: 'ends', name: 'unhandled rejection', cause: /rejected on purpose/ },
  exit: { group: 'ends', name: 'process.exit(3)', cause: /code:? 3|exit 3/i },
  memory: { group: 'ends', name: 'heap limit', cause: /memory|heap/i },
  kill: { group: 'ends', name: 'SIGKILL', cause: /SIGKILL/ },
  segv: { group: 'ends', name: 'SIGSEGV', cause: /SIGSEGV/ },
  loop: { group: 'hangs', name: 'endless loop', cause: hung },
  block: { group: 'hangs', name: 'Atomics.wait', cause: hung },
  native: { group: 'hangs', name: 'native call', cause: hung },
  stall: { group: 'hangs', name: 'promise never settles', cause: hung },
  setup: { group: 'hangs', name: 'never ready', cause: /ready|timeout|timed out/i },
})

/** Faults that take down the whole process in which they happen, all its threads included. */
export const endsProcess = /** @type {readonly Fault[]} */ (['kill', 'segv'])

/** The heap that a contender's worker is given, in MB. */
export const heapMb = 32

/** Never settles, and keeps the event loop alive as an open socket would. */
export const forEver = () => new Promise(() => setInterval(() => {}, 60_000))

/** @type {Record<Exclude<Fault, 'setup'>, (folder: string) => unknown>} */
export const commit = {
  throw() {
    setTimeout(() => {
      throw new Error('thrown on purpose')
    })
    return forEver()
  },
  reject() {
    void Promise.reject(new Error('rejected on purpose'))
    return forEver()
  },
  exit: () => process.exit(3),
  memory() {
    // Small objects: with large ones V8 may abort the whole process instead of ending the thread.
    let list = /** @type {object | null} */ (null)
    for (;;) list = { list, values: new Array(2_000).fill(0.5) }
  },
  kill: () => end('SIGKILL'),
  segv: () => end('SIGSEGV'),
  loop() {
    for (;;) Math.sqrt(2)
  },
  block: () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0),
  // Opening a pipe waits for somebody to write: no JavaScript runs in there, and no thread can be ended before it returns.
  native: (folder) => readFileSync(join(folder, 'pipe')),
  stall: forEver,
}

function end(/** @type {NodeJS.Signals} */ signal) {
  process.kill(process.pid, signal)
  return forEver()
}
