/** Options that were checked become the one default-filled type that everything inside works with. */
import { dirname, join, resolve } from 'node:path'
import { snapshotKinds } from '../failure.js'
import { filledPolicy, policies, type RestartLimits, type RestartPolicy, type RestartRule } from '../machines/lifecycle/judge.js'
import type { RestartIntensity, SupervisorNode, TreeNode } from '../machines/supervision/rules.js'
import type { QuotaAdaptation, QuotaSpec, QuotaWindow } from '../store/contract/engine.js'
import type {
  CompiledBreaker,
  CompiledConfig,
  CompiledEvidence,
  CompiledWorker,
  CompiledWorkerQuota,
  Heartbeat,
  TaskPolicy,
} from './drover.js'
import { entriesInPiece } from './parse.js'
import { type CheckedEntry, type CheckedOptions, type CheckedSupervisor, type CheckedWorker, isSupervisorOptions } from './schema.js'

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

/** A quota that was checked. */
type CheckedQuota = NonNullable<CheckedOptions['quotas']>[string]

/** The lengths of windows that have a name. */
export const windowMs = { second: 1_000, minute: 60_000, hour: 3_600_000 } as const

/** A partial whose options may also be given as undefined, which is the same as not given. */
type Given<T> = { [Key in keyof T]?: T[Key] | undefined }

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

function isSupervisor(entry: CheckedEntry): entry is CheckedSupervisor {
  return isSupervisorOptions(entry)
}

function workersIn(entry: CheckedEntry): CheckedWorker[] {
  return isSupervisor(entry) ? entry.children.flatMap(workersIn) : [entry]
}

function compileNode(entry: CheckedEntry, options: CheckedOptions): TreeNode {
  if (!isSupervisor(entry)) {
    const { mode } = filledPolicy(compileRestart(entry.restart ?? options.restart))
    return { worker: entry.id, mode, significant: entry.significant ?? false }
  }
  const rest = filled<Pick<SupervisorNode, 'strategy' | 'significant' | 'autoShutdown'>>(defaults.supervisor, entry)
  return {
    id: entry.id,
    ...rest,
    intensity: filled<Required<RestartIntensity>>(defaults.intensity, entry.intensity),
    mode: entry.restart ?? (rest.autoShutdown === 'never' ? 'permanent' : 'transient'),
    children: entry.children.map((child) => compileNode(child, options)),
  }
}

function compileWorker(worker: CheckedWorker, options: CheckedOptions): CompiledWorker {
  const { enabled, delayMs, concurrency, prefetch, priority, isolation } = filled<
    Pick<CompiledWorker, 'enabled' | 'delayMs' | 'concurrency' | 'prefetch' | 'priority' | 'isolation'>
  >(defaults.worker, worker)
  return {
    id: worker.id,
    ...laneOf(worker),
    module: worker.module,
    input: worker.input,
    dataset: worker.dataset ?? null,
    quota: compileWorkerQuota(worker.quota),
    enabled,
    target: worker.target ?? null,
    delayMs,
    concurrency,
    prefetch,
    priority,
    group: worker.group ?? null,
    restart: compileRestart(worker.restart ?? options.restart),
    isolation,
    resourceLimits: given(worker.resourceLimits),
    recycle: given(worker.recycle),
    heartbeat: filled<Heartbeat>(defaults.heartbeat, options.heartbeat, worker.heartbeat),
    tasks: {
      ...filled<Omit<TaskPolicy, 'backoff' | 'breaker'>>(defaults.tasks, options.tasks, worker.tasks),
      backoff: filled<TaskPolicy['backoff']>(defaults.tasks.backoff, options.tasks?.backoff, worker.tasks?.backoff),
      breaker: compileBreaker(options.tasks?.breaker, worker.tasks?.breaker),
    },
    drainMs: worker.drainMs ?? options.drainMs ?? defaults.drainMs,
    idleMs: worker.idleMs ?? options.idleMs ?? defaults.idleMs,
  }
}

type CheckedBreaker = NonNullable<CheckedWorker['tasks']>['breaker']

function compileBreaker(system: CheckedBreaker, worker: CheckedBreaker): CompiledBreaker | null {
  if ((worker ?? system) === false) return null
  const layers = [system, worker].map((layer) => (typeof layer === 'object' ? layer : undefined))
  const { failures, do: what, forMs, maxMs } = filled<Omit<CompiledBreaker, 'withinMs'>>(defaults.breaker, ...layers)
  const withinMs = layers[1]?.withinMs ?? layers[0]?.withinMs ?? (failures < 1 ? defaults.breakerShareWithinMs : Number.POSITIVE_INFINITY)
  return { failures, withinMs, do: what, forMs, maxMs: Math.max(forMs, maxMs) }
}

export interface Lane {
  annotator: string
  domain: string
}

/**
 * Annotator and domain, from the id where they are not given: the domain is its last part and the annotator all before, without a
 * leading `annotator-`. An id of one part is both.
 */
export function laneOf(worker: { id: string; annotator?: string | number | undefined; domain?: string | undefined }): Lane {
  const cut = worker.id.lastIndexOf('/')
  const annotator = cut === -1 ? worker.id : worker.id.slice(0, cut).replace(/^annotator-(?=.)/, '')
  return { annotator: String(worker.annotator ?? annotator), domain: worker.domain ?? worker.id.slice(cut + 1) }
}

function compileRestart(restart: CheckedOptions['restart']): RestartPolicy {
  if (restart === undefined) return defaults.restart
  if (typeof restart === 'function') return restart
  const { backoff, startup, rules, parole, ...rest } = restart
  return {
    ...given(rest),
    ...(backoff && { backoff: given(backoff) }),
    ...(startup && { startup: { ...given(startup), ...(startup.backoff && { backoff: given(startup.backoff) }) } as RestartLimits }),
    ...(rules && { rules: rules as readonly RestartRule[] }),
    ...(parole && { parole }),
  }
}

/** The quota that stands for the system's own `budget`: all others are within it. */
export const systemBudget = 'system budget'

function compileQuotas({ quotas = {}, budget }: CheckedOptions): QuotaSpec[] {
  const own = Object.entries(quotas).map(([name, quota]) => compileQuota(name, quota))
  if (!budget) return own
  const within = (spec: QuotaSpec): QuotaSpec => ({ ...spec, within: [...spec.within, systemBudget] })
  return [compileQuota(systemBudget, { budget } as CheckedQuota), ...own.map(within)]
}

/** One quota's options, as the schema let them pass. */
function compileQuota(name: string, { burst, concurrency, within = [], budget = {}, adapt = false, ...units }: CheckedQuota): QuotaSpec {
  const limits = Object.entries(units).flatMap(([unit, limits]) =>
    [limits ?? []].flat().map(({ limit, per, timeZone = 'UTC', burst: own }): QuotaWindow => {
      if (per === 'day' || per === 'month') return { unit, limit, per: { calendar: per, timeZone }, burst: null }
      const size = own ?? (unit === 'requests' ? burst : undefined) ?? null
      return { unit, limit, per: typeof per === 'number' ? per : windowMs[per], burst: size }
    }),
  )
  const caps = Object.entries(budget).map(([unit, limit]): QuotaWindow => ({ unit, limit, per: 'ever', burst: null }))
  return {
    name,
    windows: [...limits, ...caps],
    concurrency: concurrency ?? null,
    within: [within].flat(),
    adapt: adapt === false ? null : filled<QuotaAdaptation>(defaults.adapt, adapt === true ? {} : adapt),
  }
}

function compileWorkerQuota(quota: CheckedWorker['quota']): CompiledWorkerQuota | null {
  if (quota === undefined) return null
  const { name, rotate, amounts, priority } = typeof quota === 'string' ? { name: quota } : quota
  return { choices: rotate ?? [name as string], amounts: amounts ?? {}, priority: priority ?? 0 }
}

function compileEvidence({ dir, heapSnapshot, ...rest }: NonNullable<CheckedOptions['evidence']>): CompiledEvidence {
  const kinds = heapSnapshot === true ? snapshotKinds : heapSnapshot || []
  return { ...filled<Omit<CompiledEvidence, 'dir' | 'heapSnapshot'>>(defaults.evidence, rest), dir: resolve(dir), heapSnapshot: kinds }
}

function logDir(dir: string | false | undefined, store: string): string | false {
  if (dir === false) return false
  if (dir !== undefined) return resolve(dir)
  return store === ':memory:' ? false : join(dirname(store), 'logs')
}

/** The defaults with what the layers give laid over them, later ones on top; keys that have no default are left out. */
function filled<T extends object>(base: T, ...layers: (Given<T> | undefined)[]): T {
  const result = Object.assign({}, base)
  for (const layer of layers) {
    for (const key of Object.keys(base) as (keyof T)[]) {
      const value = layer?.[key]
      if (value !== undefined) result[key] = value
    }
  }
  return result
}

/** Without what is undefined. */
function given<T extends object>(options: Given<T> | undefined): Partial<T> {
  return Object.fromEntries(Object.entries(options ?? {}).filter(([, value]) => value !== undefined)) as Partial<T>
}
