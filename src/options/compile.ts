/** Options that were checked become the one default-filled type that everything inside works with. */
import { resolve } from 'node:path'
import type { CompiledConfig } from './compiled.js'
import type { CompiledBreaker } from './drover.js'
import { compileEvidence } from './evidence.js'
import { filled } from './fill-defaults.js'
import { logDir } from './log.js'
import { entriesInPiece } from './parse.js'
import { policies } from './policies.js'
import { compileQuotas } from './quota.js'
import type { CheckedEntry, CheckedOptions, CheckedSupervisor, CheckedWorker } from './schema.js'
import { compileNode, isSupervisorOptions } from './supervisor.js'
import { compileWorker } from './worker.js'

/** Every default of `options.ts`. */
export const defaults = {
  concurrency: 10,
  onFull: 'queue',
  onHeld: 'wait',
  onEscalation: 'stop',
  heartbeat: { everyMs: 30_000, timeoutMs: 120_000, progressTimeoutMs: 300_000, startTimeoutMs: 30_000 },
  restart: policies.default,
  tasks: { maxAttempts: 3, poisonAfter: 2, timeoutMs: 0, backoff: { initialMs: 1_000, factor: 2, maxMs: 60_000, jitter: 0.2 } },
  breaker: { failures: 20, do: 'park', forMs: 5_000, maxMs: 300_000 },
  breakerShareWithinMs: 60_000,
  durability: 'power',
  drainMs: 10_000,
  idleMs: 5_000,
  killMs: 5_000,
  keepEvents: 100_000,
  maxTarget: 100_000,
  log: { level: 'info', console: true, maxBytes: 10_000_000, keep: 5 },
  evidence: { cpuProfileMs: 1_000, withinMs: 30_000, keep: 10 },
  worker: { enabled: true, delayMs: 0, concurrency: 1, prefetch: 'auto', priority: 0, isolation: 'thread' },
  supervisor: { strategy: 'one-for-one', significant: false, autoShutdown: 'never' },
  adapt: { decrease: 0.5, increasePerMinute: 0.1, least: 0.1 },
  intensity: { restarts: 3, withinMs: 5_000 },
} as const

/** A long list of workers in pieces. */
export function* compileOptions(options: CheckedOptions): Generator<void, CompiledConfig, void> {
  const store = options.store === ':memory:' ? ':memory:' : resolve(options.store)
  const workers = yield* inPieces(options.workers.flatMap(workersIn), (worker) => compileWorker(worker, options))
  const tree = yield* inPieces(options.workers, (entry) => compileNode(entry, options))
  return {
    store,
    workers,
    tree,
    concurrency: options.concurrency ?? defaults.concurrency,
    groups: options.groups ?? {},
    onFull: options.onFull ?? defaults.onFull,
    onHeld: options.onHeld ?? defaults.onHeld,
    onEscalation: options.onEscalation ?? defaults.onEscalation,
    quotas: compileQuotas(options),
    durability: options.durability ?? defaults.durability,
    drainMs: options.drainMs ?? defaults.drainMs,
    killMs: options.killMs ?? defaults.killMs,
    keepEvents: options.keepEvents ?? defaults.keepEvents,
    log: {
      ...filled<Omit<CompiledConfig['log'], 'dir'>>(defaults.log, options.log),
      dir: logDir(options.log?.dir, store),
    },
    evidence: options.evidence ? compileEvidence(options.evidence) : null,
    secrets: options.secrets ?? [],
  }
}

function* inPieces<From, To>(list: readonly From[], map: (from: From) => To): Generator<void, To[], void> {
  const mapped: To[] = []
  for (const from of list) {
    mapped.push(map(from))
    if (mapped.length % entriesInPiece === 0) yield
  }
  return mapped
}

export function isSupervisor(entry: CheckedEntry): entry is CheckedSupervisor {
  return isSupervisorOptions(entry)
}

function workersIn(entry: CheckedEntry): CheckedWorker[] {
  return isSupervisor(entry) ? entry.children.flatMap(workersIn) : [entry]
}

type CheckedBreaker = NonNullable<CheckedWorker['tasks']>['breaker']

export function compileBreaker(system: CheckedBreaker, worker: CheckedBreaker): CompiledBreaker | null {
  if ((worker ?? system) === false) return null
  const layers = [system, worker].map((layer) => (typeof layer === 'object' ? layer : undefined))
  const { failures, do: what, forMs, maxMs } = filled<Omit<CompiledBreaker, 'withinMs'>>(defaults.breaker, ...layers)
  const withinMs = layers[1]?.withinMs ?? layers[0]?.withinMs ?? (failures < 1 ? defaults.breakerShareWithinMs : Number.POSITIVE_INFINITY)
  return { failures, withinMs, do: what, forMs, maxMs: Math.max(forMs, maxMs) }
}
