/** Turns checked options into the one type with all defaults filled in. */
import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import { instanceIds } from '../instance-ids.js'
import type { QuotaSpec } from '../store/contract/quotas.js'
import { compileBreaker } from './breaker.js'
import type { CompiledConfig, CompiledWorker } from './compiled.js'
import { type CheckedOptions, droverSchema } from './drover.js'
import { compileEvidence } from './evidence.js'
import { filled, given } from './fill-defaults.js'
import { type Heartbeat, heartbeat } from './heartbeat.js'
import { log, logDir } from './log.js'
import { type MailboxPolicy, mailbox } from './mailbox.js'
import { entriesInPiece } from './parse.js'
import { compilePool } from './pool.js'
import { type CheckedQuota, compileQuota, systemBudget } from './quota.js'
import { filledPolicy } from './restart-policies.js'
import { compileRestart } from './restart-schema.js'
import { type CheckedEntry, intensity, isSupervisor, supervisorSchema } from './supervisor.js'
import { type TaskPolicy, taskBackoff, tasks } from './tasks.js'
import type { RestartIntensity, SupervisorNode, TreeNode } from './tree.js'
import { type CheckedWorker, laneOf, workerSchema } from './worker.js'
import { compileWorkerQuota } from './worker-quota.js'

const { defaults } = droverSchema

/** Yields between pieces of a long list of workers. */
export function* compileOptions(options: CheckedOptions): Generator<void, CompiledConfig, void> {
  const store = options.store === ':memory:' ? ':memory:' : resolve(options.store)
  const workers = (yield* inPieces(options.workers.flatMap(workersIn), (worker) => compileWorker(worker, options))).flat()
  const tree = yield* inPieces(options.workers, (entry) => compileNode(entry, options))
  return {
    store,
    workers,
    tree,
    pools: (options.pools ?? []).map((pool) => compilePool(pool, options.drainMs ?? defaults.drainMs, availableParallelism())),
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
      ...filled<Omit<CompiledConfig['log'], 'dir'>>(log.defaults, options.log),
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

function workersIn(entry: CheckedEntry): CheckedWorker[] {
  return isSupervisor(entry) ? entry.children.flatMap(workersIn) : [entry]
}

/** @returns it, or its instances */
function compileWorker(worker: CheckedWorker, options: CheckedOptions): CompiledWorker[] {
  const { enabled, delayMs, concurrency, prefetch, priority, isolation } = filled<
    Pick<CompiledWorker, 'enabled' | 'delayMs' | 'concurrency' | 'prefetch' | 'priority' | 'isolation'>
  >(workerSchema.defaults, worker)
  const compiled = {
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
    mailbox: filled<MailboxPolicy>(mailbox.defaults, worker.mailbox),
    heartbeat: filled<Heartbeat>(heartbeat.defaults, options.heartbeat, worker.heartbeat),
    tasks: {
      ...filled<Omit<TaskPolicy, 'backoff' | 'breaker'>>(tasks.defaults, options.tasks, worker.tasks),
      backoff: filled<TaskPolicy['backoff']>(taskBackoff.defaults, options.tasks?.backoff, worker.tasks?.backoff),
      breaker: compileBreaker(options.tasks?.breaker, worker.tasks?.breaker),
    },
    drainMs: worker.drainMs ?? options.drainMs ?? defaults.drainMs,
    idleMs: worker.idleMs ?? options.idleMs ?? defaults.idleMs,
  }
  return idsOf(worker).map((id) => ({ id, ...compiled }))
}

function idsOf({ id, instances }: CheckedWorker): string[] {
  return instances === undefined ? [id] : instanceIds(id, instances)
}

function compileNode(entry: CheckedEntry, options: CheckedOptions): TreeNode {
  if (!isSupervisor(entry)) {
    const { mode } = filledPolicy(compileRestart(entry.restart ?? options.restart))
    const nodes = idsOf(entry).map((worker) => ({ worker, mode, significant: entry.significant ?? false }))
    return entry.instances === undefined ? (nodes[0] as TreeNode) : groupOf(entry.id, nodes)
  }
  const rest = filled<Pick<SupervisorNode, 'strategy' | 'significant' | 'autoShutdown'>>(supervisorSchema.defaults, entry)
  return {
    id: entry.id,
    ...rest,
    intensity: filled<Required<RestartIntensity>>(intensity.defaults, entry.intensity),
    mode: entry.restart ?? (rest.autoShutdown === 'never' ? 'permanent' : 'transient'),
    children: entry.children.map((child) => compileNode(child, options)),
  }
}

/** Each instance has the worker's own policy, so that their number of restarts together has no limit. */
function groupOf(id: string, children: TreeNode[]): SupervisorNode {
  const intensity = { restarts: Number.POSITIVE_INFINITY, withinMs: 1 }
  return { id, strategy: 'one-for-one', intensity, mode: 'transient', significant: false, autoShutdown: 'never', instances: true, children }
}

function compileQuotas({ quotas = {}, budget }: CheckedOptions): QuotaSpec[] {
  const own = Object.entries(quotas).map(([name, quota]) => compileQuota(name, quota))
  if (!budget) return own
  const within = (spec: QuotaSpec): QuotaSpec => ({ ...spec, within: [...spec.within, systemBudget] })
  return [compileQuota(systemBudget, { budget } as CheckedQuota), ...own.map(within)]
}
