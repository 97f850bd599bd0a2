/** Checks options against their schema; a long list of workers in pieces, so that other work gets a turn between them. */
import * as v from 'valibot'
import { isRecord } from '../validation/schema-pieces.js'
import { type CheckedOptions, droverSchema } from './drover.js'
import { type CheckedEntry, entries, isSupervisorOptions } from './supervisor.js'

/** Entries in a piece; each takes some ten microseconds. */
export const entriesInPiece = 200

type Issue = v.BaseIssue<unknown>
interface Parsed<Output> {
  /** null: the input has mistakes. */
  output: Output | null
  issues: Issue[]
}

export function* parseOptions(input: unknown): Generator<void, Parsed<CheckedOptions>, void> {
  const list = isRecord(input) ? input.workers : null
  if (!Array.isArray(list) || !isLong(list)) {
    const { success, output, issues = [] } = v.safeParse(droverSchema, input)
    return { output: success ? output : null, issues }
  }
  const rest = v.safeParse(droverSchema, { ...(input as object), workers: [] })
  const workers = yield* parseEntries(list)
  const issues = [...(rest.issues ?? []), ...workers.issues.map((issue) => under('workers', issue))]
  return { output: rest.success && workers.output ? { ...rest.output, workers: workers.output } : null, issues }
}

function isLong(list: readonly unknown[]): boolean {
  return list.length > entriesInPiece || list.some((entry) => isLong(childrenOf(entry)))
}

function childrenOf(entry: unknown): readonly unknown[] {
  return isRecord(entry) && isSupervisorOptions(entry) && Array.isArray(entry.children) ? entry.children : []
}

function* parseEntries(list: readonly unknown[]): Generator<void, Parsed<CheckedEntry[]>, void> {
  const output: CheckedEntry[] = []
  const issues: Issue[] = []
  for (let from = 0; from < list.length; from += entriesInPiece) {
    const piece = list.slice(from, from + entriesInPiece)
    const long = new Map<number, readonly unknown[]>()
    for (const [index, entry] of piece.entries()) {
      const children = childrenOf(entry)
      if (!isLong(children)) continue
      long.set(index, children)
      piece[index] = { ...(entry as object), children: [] }
    }
    const parsed = v.safeParse(entries, piece)
    issues.push(...(parsed.issues ?? []).map((issue) => moved(issue, from)))
    if (parsed.success) output.push(...parsed.output)
    yield
    for (const [index, children] of long) {
      const below = yield* parseEntries(children)
      issues.push(...below.issues.map((issue) => moved(under(index, under('children', issue)), from)))
      const own = parsed.success ? output[from + index] : undefined
      if (own && below.output && 'children' in own) Object.assign(own, { children: below.output })
    }
  }
  return { output: issues.length === 0 ? output : null, issues }
}

/** The issue with its path from the parent. */
function under(key: string | number, issue: Issue): Issue {
  const item = { type: 'unknown', origin: 'value', input: null, key, value: null } as const
  return { ...issue, path: [item, ...(issue.path ?? [])] }
}

/** Turns the index within a piece, the first part of the path, into the index within the list. */
function moved(issue: Issue, by: number): Issue {
  const [first, ...rest] = issue.path ?? []
  return first ? { ...issue, path: [{ ...first, key: Number(first.key) + by } as typeof first, ...rest] } : issue
}
