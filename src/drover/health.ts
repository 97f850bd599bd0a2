/** Whether the ground is well that a system stands on: the hosts of its store, the store, the main thread, and memory. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { getHeapStatistics } from 'node:v8'
import type { OpenSystem } from '../actors/system/contract.js'
import { toErrorRecord } from '../errors.js'
import type { CheckReport } from '../store/check-report.js'
import type { HostRow } from '../store/contract/hosts.js'
import { readCheck } from '../store/read-pool/check-store.js'
import { spaceOf } from '../store/space.js'
import { LoopWatch } from '../time/loop-delay.js'
import { machineMs } from '../time/machine-clock.js'
import type { Health, HostHealth, ProcessHealth, StoreHealth } from './health-report.js'
import { deadToldMs, troublesOf } from './health-troubles.js'
import type { Lifetime } from './lifetime.js'

export class HealthWatch {
  readonly #system: OpenSystem
  readonly #lifetime: Lifetime
  readonly #file: string
  readonly #loop = new LoopWatch()
  #lastCheck: StoreHealth['lastCheck'] = null

  constructor(system: OpenSystem, lifetime: Lifetime) {
    const { store } = system.parts.config
    this.#system = system
    this.#lifetime = lifetime
    this.#file = store === ':memory:' ? store : resolve(store)
  }

  /** @throws DroverError CLOSED */
  async look(now = Date.now()): Promise<Health> {
    const { parts, reader } = this.#system
    if (!this.#lifetime.hasFailed) this.#lifetime.assertOpen()
    // The measurement begins now, so that the first answer may have something.
    this.#loop.read()
    let unread: string | null = null
    const [listed, space] = await Promise.all([
      reader.read('hosts', { diedAfter: now - deadToldMs }).catch((error: unknown) => {
        unread = toErrorRecord(error).message
        return null
      }),
      spaceOf(this.#file),
    ])
    const { busySince, inHand, commits } = parts.store.meter.read()
    const found = {
      at: now,
      hosts: listed?.hosts.map((host) => asSeenBy(parts.host.id, host)) ?? null,
      store: {
        file: this.#file,
        version: listed?.version ?? null,
        space,
        waits: waitsOf([parts.store.unwritable, parts.writeRetry.wait], busySince === null ? null : machineMs() - busySince, now),
        pending: Math.max(inHand, parts.store.client.pending),
        commits,
        lastCheck: this.#lastCheck,
      },
      loop: this.#loop.read(),
      process: this.#process(now),
    }
    const troubles = troublesOf(found, { hasFailed: this.#lifetime.hasFailed, unread })
    return { ok: troubles.length === 0, troubles, ...found }
  }

  /** Checks the store, and keeps the result. */
  async check(signal: AbortSignal | undefined): Promise<CheckReport> {
    const report = await readCheck(this.#system.reader, signal)
    this.#lastCheck = { at: Date.now(), ok: report.ok, problems: report.problems.length }
    return report
  }

  /** Ends the measurement. */
  stop(): void {
    this.#loop.stop()
  }

  #process(now: number): ProcessHealth {
    const { rss, heapUsed } = process.memoryUsage()
    let workerThreads = 0
    for (const { threadId } of this.#system.managed.values()) if (threadId !== null) workerThreads++
    return {
      pid: process.pid,
      startedAt: Math.round(now - process.uptime() * 1_000),
      rssBytes: rss,
      limitBytes: memoryLimit(),
      heapUsedBytes: heapUsed,
      heapLimitBytes: getHeapStatistics().heap_size_limit,
      threads: threadsOf(),
      workerThreads,
    }
  }
}

/** Whoever asks is there: of itself a process cannot tell, and its signs of life run out while the store is locked. */
function asSeenBy(own: string, host: HostRow): HostHealth {
  const here = host.id === own
  return { ...host, here, gone: host.gone && !(here && host.diedAt === null) }
}

/** A transaction that takes longer is told. */
const longMs = 2_000

/** @param busyMs how long the current transaction of the store thread has taken so far */
export function waitsOf(waits: readonly StoreHealth['waits'][], busyMs: number | null, now: number): StoreHealth['waits'] {
  const known = waits.filter((wait) => wait !== null)
  const since = Math.min(...known.map((wait) => wait.since))
  if (known[0]) return { since, why: known[0].why }
  if (busyMs === null || busyMs < longMs) return null
  return {
    since: Math.round(now - busyMs),
    why: 'a transaction does not end: another process has locked the store, or its disk does not answer',
  }
}

/** null: none, or more than the machine has. */
function memoryLimit(): number | null {
  const limit = process.constrainedMemory()
  return limit > 0 && limit < Number.MAX_SAFE_INTEGER ? limit : null
}

function threadsOf(): number | null {
  try {
    return Number(/^Threads:\s*(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? Number.NaN) || null
  } catch {
    return null
  }
}
