import * as v from 'valibot'
import type { Finding } from '../validation/issues.js'
import { between, group, isRecord, name, option, type Schema } from '../validation/schema-pieces.js'
import { checkKnown, type Path } from './checks.js'

/** What a worker's tasks take from its quota. */
export interface WorkerQuotaOptions {
  /** A key of `quotas`. Either this or {@link rotate}. */
  name?: string
  /**
   * Several keys of `quotas`: each task takes from the one that can grant first, and among equals from the healthiest.
   * `ctx.quota.lease.quota` is its name.
   */
  rotate?: string[]
  /**
   * The estimate for a task, by unit; `quota.settle` corrects it. A worker module's `estimate` overrides it, unit by unit.
   * @defaultValue `{ requests: 1 }`
   */
  amounts?: Record<string, number>
  /** The place in line; higher goes first. @defaultValue 0 */
  priority?: number
}

const amounts = v.pipe(
  v.custom<Record<string, unknown>>(isRecord, 'amounts by unit, such as { requests: 1, tokens: 800 }'),
  v.record(v.string(), between(0, Number.MAX_VALUE)),
)

export const workerQuota = group({
  name: option(name('the name of a quota')),
  rotate: option(
    v.pipe(
      v.custom<string[]>((value) => Array.isArray(value) && value.length > 0, 'a list of names of quotas'),
      v.array(name('the name of a quota')),
    ),
  ),
  amounts: option(amounts),
  priority: option(between(-Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER), 0),
} satisfies Schema<WorkerQuotaOptions>)

/** {@link WorkerQuotaOptions} with its defaults filled in. */
export interface CompiledWorkerQuota {
  /** At least one. */
  choices: string[]
  amounts: Record<string, number>
  priority: number
}

export function compileWorkerQuota(quota: v.InferOutput<typeof workerQuota> | string | undefined): CompiledWorkerQuota | null {
  if (quota === undefined) return null
  const { name, rotate, amounts, priority } = typeof quota === 'string' ? { name: quota } : quota
  return { choices: rotate ?? [name as string], amounts: amounts ?? {}, priority: priority ?? workerQuota.defaults.priority }
}

/** A worker must name one existing quota, or several to rotate. */
export function checkWorkerQuota(path: Path, quota: unknown, quotas: Record<string, unknown>, findings: Finding[]): void {
  if (!isRecord(quota)) {
    checkKnown(path, 'quota', quota, quotas, findings)
    return
  }
  const { name, rotate } = quota
  checkKnown([...path, 'name'], 'quota', name, quotas, findings)
  if (Array.isArray(rotate))
    for (const [index, each] of rotate.entries()) checkKnown([...path, 'rotate', index], 'quota', each, quotas, findings)
  if ((name === undefined) === (rotate === undefined)) {
    findings.push({ path, expected: 'either name or rotate', input: quota, known: [] })
  }
}
