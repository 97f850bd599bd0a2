import * as v from 'valibot'
import type { ReadonlyDeep } from '../readonly-deep.js'
import type { Finding } from '../validation/issues.js'
import { flag, group, isRecord, milliseconds, oneOf, option, type Schema, whole, workerId } from '../validation/schema-pieces.js'
import { asRecord, type Entry, type Path } from './checks.js'
import type { RestartMode } from './restart.js'
import type { AutoShutdown, RestartIntensity, SupervisorStrategy } from './tree.js'
import { type CheckedWorker, type WorkerOptions, workerSchema } from './worker.js'

/**
 * As in OTP: a permanent child cannot be significant, because it is always restarted; and without auto-shutdown `significant` has
 * no effect.
 */
export function checkSignificant(
  path: Path,
  entry: Record<string, unknown>,
  above: Entry['above'],
  otherwise: unknown,
  findings: Finding[],
): void {
  if (entry.significant !== true) return
  const { restart = isSupervisorOptions(entry) ? undefined : otherwise } = entry
  const { autoShutdown = 'never' } = entry
  const mode = isSupervisorOptions(entry) ? (restart ?? (autoShutdown === 'never' ? 'permanent' : 'transient')) : asRecord(restart).mode
  const expected =
    above === null || (above.autoShutdown ?? 'never') === 'never'
      ? "false: only a supervisor with autoShutdown 'any-significant' or 'all-significant' has significant children"
      : mode === 'permanent'
        ? 'false: a permanent child is always restarted'
        : null
  if (expected) findings.push({ path: [...path, 'significant'], expected, input: true, known: [] })
}

/** Whether an entry of `workers` or `children` is a supervisor: it has children. */
export function isSupervisorOptions(entry: unknown): boolean {
  return isRecord(entry) && 'children' in entry
}

/**
 * A group of workers and supervisors: they start in order, stop in reverse order, and are restarted together when one of them
 * fails. Semantics are those of Erlang/OTP's `supervisor`; `docs/supervision.md` lists the differences and their reasons.
 */
export interface SupervisorOptions {
  /** As for a worker; different from all workers' ids. */
  id: string
  /**
   * Which children are restarted when one fails. `'one-for-one'`: only that child; `'one-for-all'`: all children;
   * `'rest-for-one'`: that child and the children after it.
   * @defaultValue 'one-for-one'
   */
  strategy?: SupervisorStrategy
  /**
   * How many restarts of children are allowed. One more, and the supervisor gives up: it stops all children and counts as a failed
   * child of its parent, the supervisor above it. Each restart decided by a child's policy counts once, even if other children
   * restart with it; restarts by hand do not count.
   * @defaultValue `{ restarts: 3, withinMs: 5_000 }`, as Elixir's (OTP has 1)
   */
  intensity?: RestartIntensity
  /** In the order of starting. */
  children: (WorkerOptions | SupervisorOptions)[]
  /**
   * Whether its parent restarts it after it went down by itself. Giving up is a normal end, so both `'transient'` and
   * `'temporary'` mean no restart. The system itself never restarts a supervisor; see `onEscalation`.
   * @defaultValue 'permanent'; 'transient' with `autoShutdown`
   */
  restart?: RestartMode
  /** Whether its parent may shut down when this supervisor ends by itself, as `autoShutdown` there says. @defaultValue false */
  significant?: boolean
  /**
   * `'any-significant'`: it shuts down when one of its `significant` children has ended by itself; `'all-significant'`: when all
   * of them have; `'never'`: it does not.
   * @defaultValue 'never'
   */
  autoShutdown?: AutoShutdown
}

/**
 * Declares a group of workers and supervisors in `workers`. Returns its argument, typed; in a JSON configuration any entry with
 * `children` is a supervisor.
 *
 * @example
 * supervisor({
 *   id: 'reviews',
 *   strategy: 'rest-for-one',
 *   intensity: { restarts: 5, withinMs: 60_000 },
 *   children: [
 *     { id: 'reviews/fetch', module: './fetch.worker.js' },
 *     supervisor({ id: 'reviews/label', children: [{ id: 'reviews/label/1', module: './label.worker.js', dataset: 'reviews' }] }),
 *   ],
 * })
 */
export function supervisor(options: ReadonlyDeep<SupervisorOptions>): SupervisorOptions {
  return options as SupervisorOptions
}

export interface CheckedSupervisor {
  id: string
  strategy?: SupervisorStrategy | undefined
  intensity?: { [Key in keyof RestartIntensity]: RestartIntensity[Key] | undefined } | undefined
  children: CheckedEntry[]
  restart?: RestartMode | undefined
  significant?: boolean | undefined
  autoShutdown?: AutoShutdown | undefined
}

export type CheckedEntry = CheckedWorker | CheckedSupervisor

export const entry: v.GenericSchema<WorkerOptions | SupervisorOptions, CheckedEntry> = v.lazy((value) =>
  isSupervisorOptions(value) ? supervisorSchema : workerSchema,
) as never

/** As of a supervisor, or of the system. */
export const entries = v.array(entry, 'a list of workers and supervisors')

export const intensity = group({
  restarts: option(whole(0), 3),
  withinMs: option(milliseconds(1), 5_000),
} satisfies Schema<RestartIntensity>)

export const supervisorSchema = group({
  id: workerId,
  strategy: option(oneOf('one-for-one', 'one-for-all', 'rest-for-one'), 'one-for-one'),
  intensity: option(intensity),
  children: entries,
  restart: option(oneOf('permanent', 'transient', 'temporary')),
  significant: option(flag, false),
  autoShutdown: option(oneOf('never', 'any-significant', 'all-significant'), 'never'),
} satisfies Schema<SupervisorOptions>)

export function isSupervisor(entry: CheckedEntry): entry is CheckedSupervisor {
  return isSupervisorOptions(entry)
}
