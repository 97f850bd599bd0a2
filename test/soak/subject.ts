/** The system that is soaked: who works on what, under which limits. Plain data, for the host that runs it and for those who judge it. */
import type { DroverOptions, WorkerOptions } from '../../src/index.js'

/** What the checks must know of a worker's restart policy. */
export interface Limits {
  maxRestarts: number
  withinMs: number
  resetAfterMs: number
  paroleAfterMs: number | null
}

/** A task's script by its item: what the worker does while the attempt is at most `times`. */
export interface Script {
  id: string
  do?: 'throw' | 'give up' | 'exit' | 'poison'
  times?: number
}

/** What an end may take. */
export const limits = { drainMs: 1_000, killMs: 60_000 }

export const concurrency = 8
export const groups = { narrow: 4 }
export const poisonAfter = 4
export const parkExitCode = 7

/**
 * Narrow enough that the workers would use more than they are granted. A window is strict by the store's clock; a call comes a little
 * after its grant.
 */
export const quotas = {
  shared: [
    { limit: 20, per: 4_000 },
    { limit: 240, per: 60_000 },
  ],
  own: [{ limit: 15, per: 4_000 }],
} as const

const domains = ['urgency', 'topic', 'tone']
const policy: Limits = { maxRestarts: 5, withinMs: 15_000, resetAfterMs: 4_000, paroleAfterMs: null }

export interface Subject {
  id: string
  dataset: 'metered' | 'free'
  quota: keyof typeof quotas | null
  group: keyof typeof groups | null
  limits: Limits
}

/** So many workers, several annotators on three domains: two in three have a quota, every second annotator is of a group. */
export function subjects(count: number): Subject[] {
  return Array.from({ length: count }, (_, index) => {
    const annotator = Math.floor(index / domains.length)
    const quota = (['shared', 'own', null, 'shared'] as const)[annotator % 4] ?? null
    return {
      id: `annotator-${annotator}/${domains[index % domains.length]}`,
      dataset: quota === null ? 'free' : 'metered',
      quota,
      group: annotator % 2 === 1 ? 'narrow' : null,
      limits: index % 5 === 1 ? { ...policy, maxRestarts: 2 } : index % 5 === 3 ? { ...policy, paroleAfterMs: 2_000 } : policy,
    }
  })
}

/** What a worker module is told. */
export interface SoakInput {
  notes: string
  everyMs: number
}

export function droverOptions(count: number, { store, notes }: { store: string; notes: string }): DroverOptions {
  return {
    store,
    concurrency,
    groups,
    quotas: { shared: { requests: [...quotas.shared] }, own: { requests: [...quotas.own] } },
    heartbeat: { everyMs: 50, timeoutMs: 1_500, progressTimeoutMs: 3_000, startTimeoutMs: 30_000 },
    tasks: { maxAttempts: 100, poisonAfter, backoff: { initialMs: 20, factor: 2, maxMs: 500, jitter: 0.2 } },
    ...limits,
    // At rest there is no thread.
    idleMs: 0,
    log: { console: false, dir: false },
    workers: subjects(count).map(({ id, dataset, quota, group, limits }, index): WorkerOptions => {
      const { paroleAfterMs, ...restart } = limits
      return {
        id,
        module: new URL('./soak.worker.js', import.meta.url),
        dataset,
        ...(quota && { quota }),
        ...(group && { group }),
        concurrency: 1 + (index % 3),
        priority: index % 2,
        input: { notes, everyMs: (dataset === 'free' ? 50 : 250) * (1 + (index % 3)) } satisfies SoakInput,
        resourceLimits: { maxOldGenerationSizeMb: 40, maxYoungGenerationSizeMb: 8 },
        ...(index % 4 === 2 && { recycle: { maxTasks: 50 } }),
        restart: {
          ...restart,
          backoff: { immediate: 2, initialMs: 100, factor: 2, maxMs: 800 },
          rules: [{ when: { exitCode: parkExitCode }, do: 'park', forMs: 1_000 }],
          ...(paroleAfterMs !== null && { parole: { afterMs: paroleAfterMs } }),
        },
      }
    }),
  }
}

/** The item of a dataset with this number. */
export function item(number: number): Script {
  const id = `item-${number}`
  if (number % 151 === 13) return { id, do: 'exit', times: 1 }
  if (number % 397 === 200) return { id, do: 'poison' }
  if (number % 59 === 31) return { id, do: 'give up' }
  if (number % 23 === 7) return { id, do: 'throw', times: 2 }
  return { id }
}
