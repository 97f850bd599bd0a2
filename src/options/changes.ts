/** Changes of a configuration while the system runs, as pure functions, and their form in the store. */
import { isDeepStrictEqual } from 'node:util'
import { DroverError } from '../errors.js'
import { findSecrets } from '../redact.js'
import { isPlain } from '../values/plain-object.js'
import type { CompiledConfig } from './compiled.js'
import type { DroverOptions } from './drover.js'
import type { SupervisorOptions } from './supervisor.js'
import { compileInTurns } from './validate.js'
import type { WorkerOptions } from './worker.js'

export type Entry = WorkerOptions | SupervisorOptions

/** A change as the store keeps it, under the id of the worker or supervisor. */
export type Change =
  | { do: 'add'; under: string | null; entry: Entry }
  /** `cleared`: options set back to their defaults. JSON has no undefined. */
  | { do: 'update'; patch: Record<string, unknown>; cleared: string[] }
  | { do: 'remove' }

/** Joins an update with an earlier one. */
export function updateAfter(earlier: Change | undefined, patch: Record<string, unknown>): Change {
  const before = earlier?.do === 'update' ? earlier : { patch: {}, cleared: [] }
  const merged: Record<string, unknown> = { ...before.patch, ...patch }
  const cleared = [...before.cleared, ...Object.keys(merged)].filter((key) => merged[key] === undefined)
  return { do: 'update', patch: merged, cleared: [...new Set(cleared)] }
}

/**
 * @returns the options with the entry added at the end of the supervisor's children or of the workers; null if there is no such
 * supervisor
 */
export function withEntry(options: DroverOptions, entry: Entry, under: string | null): DroverOptions | null {
  if (under === null) return { ...options, workers: [...options.workers, entry] }
  let found = false
  const workers = mapEntries(options.workers, (each) => {
    if (each.id !== under || !('children' in each)) return each
    found = true
    return { ...each, children: [...each.children, entry] }
  })
  return found ? { ...options, workers } : null
}

/**
 * A worker like another one, for a lane of its own: annotator and domain come from its id, unless they are given. Fields of `input`
 * replace those of the other's.
 */
export function entryLike({ annotator: _, domain: __, ...shared }: WorkerOptions, changes: Partial<WorkerOptions>): WorkerOptions {
  return { ...shared, ...withInput(shared.input, changes) } as WorkerOptions
}

/** The changes with an `input` that has the fields of the earlier one, too. */
export function withInput<Changes extends object>(earlier: unknown, changes: Changes): Changes {
  if (!('input' in changes) || !isPlain(changes.input) || !isPlain(earlier)) return changes
  return { ...changes, input: { ...earlier, ...changes.input } }
}

export function withoutEntry(options: DroverOptions, id: string): DroverOptions {
  return { ...options, workers: mapEntries(options.workers, (each) => (each.id === id ? null : each)) }
}

export function withPatch(options: DroverOptions, id: string, patch: Record<string, unknown>): DroverOptions {
  return { ...options, workers: mapEntries(options.workers, (each) => (each.id === id ? ({ ...each, ...patch } as Entry) : each)) }
}

export function findEntry(entries: readonly Entry[], id: string): Entry | undefined {
  for (const entry of entries) {
    const found = entry.id === id ? entry : 'children' in entry ? findEntry(entry.children, id) : undefined
    if (found) return found
  }
  return undefined
}

/** The path of an entry, in the form of a configuration's issues. */
export function pathOf(entries: readonly Entry[], id: string, path = 'workers'): string | null {
  for (const [index, entry] of entries.entries()) {
    const own = `${path}[${index}]`
    const found = entry.id === id ? own : 'children' in entry ? pathOf(entry.children, id, `${own}.children`) : null
    if (found) return found
  }
  return null
}

/** The options after a kept change; unchanged if its entry does not exist. */
function withChange(options: DroverOptions, id: string, change: Change): DroverOptions {
  const known = findEntry(options.workers, id) !== undefined
  if (change.do === 'add') return known ? options : (withEntry(options, change.entry, change.under) ?? options)
  if (!known) return options
  if (change.do === 'remove') return withoutEntry(options, id)
  return withPatch(options, id, { ...change.patch, ...Object.fromEntries(change.cleared.map((key) => [key, undefined])) })
}

/**
 * The options after all kept changes, in order. A change that is no longer possible is skipped.
 *
 * @param onImpossible called for each skipped change, with its mistakes
 */
export async function withKept(
  given: DroverOptions,
  compiled: CompiledConfig,
  changes: Iterable<[id: string, change: Change]>,
  onImpossible: (id: string, error: unknown) => void,
): Promise<{ options: DroverOptions; config: CompiledConfig }> {
  let options = given
  let config = compiled
  for (const [id, change] of changes) {
    const changed = withChange(options, id, change)
    try {
      config = await compileInTurns(changed)
      options = changed
    } catch (error) {
      onImpossible(id, error)
    }
  }
  return { options, config }
}

/** Children first: `change` gets each entry with its final children. */
function mapEntries(entries: readonly Entry[], change: (entry: Entry) => Entry | null): Entry[] {
  return entries.flatMap((entry) => {
    const inner = 'children' in entry ? { ...entry, children: mapEntries(entry.children, change) } : entry
    return change(inner) ?? []
  })
}

/**
 * A change in its stored form: JSON that also holds Infinity and URLs.
 *
 * @throws DroverError ARGUMENT_INVALID if the change holds values that JSON loses (functions, dates), or a secret
 */
export function keep(change: Change): string {
  if (findSecrets(change).length > 0) {
    throw new DroverError(
      'ARGUMENT_INVALID',
      'persist: its input holds a secret, which is never stored; let the worker read it from elsewhere',
    )
  }
  const text = JSON.stringify(change, (_, value: unknown) => {
    if (value === Number.POSITIVE_INFINITY) return { $: 'Infinity' }
    return value
  })
  const plain = withoutUndefined(change)
  if (!isDeepStrictEqual(withoutUndefined(kept(text)), plain)) {
    throw new DroverError(
      'ARGUMENT_INVALID',
      'persist: only data can be stored, but its options hold a function or another value that JSON does not have',
    )
  }
  return text
}

export function kept(text: string): Change {
  return JSON.parse(text, (_, value: unknown) => (isInfinity(value) ? Number.POSITIVE_INFINITY : value)) as Change
}

function isInfinity(value: unknown): boolean {
  return typeof value === 'object' && value !== null && '$' in value && value.$ === 'Infinity'
}

/** The value without its undefined parts, and with URLs as texts. */
function withoutUndefined(value: unknown): unknown {
  if (value instanceof URL) return value.href
  if (Array.isArray(value)) return value.map(withoutUndefined)
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, each]) => each !== undefined)
      .map(([key, each]) => [key, withoutUndefined(each)]),
  )
}
