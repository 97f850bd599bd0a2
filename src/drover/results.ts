/** Results as an async iterator and as a file of JSON lines. */
import type { DeadRow, DeadTask, Result, ResultRow } from '../store/contract/reads.js'
import type { LaneFilter } from '../store/contract/registry.js'
import type { Reader } from '../store/read-pool/reader.js'
import { checkSignal, wholeNumber } from '../validation/arguments.js'
import type { ReadOptions } from '../validation/read-options.js'
import { writeFileWhole } from './export.js'
import { pages } from './pages.js'

/** A part of the rows. */
export interface ResultRange extends ReadOptions {
  /** Number of rows to leave out first. @defaultValue 0 */
  skip?: number
  /** The most rows to return. @defaultValue all */
  limit?: number
}

const pageRows = 1_000
/** Approximate length of a written piece, in characters. */
const pieceLength = 65_536

/** @throws DroverError ARGUMENT_INVALID */
export function checkRange({ skip, limit, signal }: ResultRange): ResultRange {
  return {
    ...(signal !== undefined && { signal: checkSignal('signal', signal) as AbortSignal }),
    ...(skip !== undefined && { skip: wholeNumber('skip', skip, 0, Number.MAX_SAFE_INTEGER) }),
    ...(limit !== undefined && { limit: wholeNumber('limit', limit, 0, Number.MAX_SAFE_INTEGER) }),
  }
}

/**
 * Rows as stored, lane by lane, in order of loading. A result that is committed meanwhile may or may not be among them, but never
 * twice.
 */
async function* readRows(reader: Reader, filter: LaneFilter, range: ResultRange): AsyncGenerator<ResultRow, void, void> {
  let left = range.limit ?? Number.POSITIVE_INFINITY
  if (left === 0) return
  const read = (after: string | null): ReturnType<typeof reader.read<'results'>> => {
    const skip = after === null && range.skip ? { skip: range.skip } : {}
    return reader.read('results', { filter, after, limit: Math.min(pageRows, left), ...skip }, range.signal)
  }
  for await (const row of pages<ResultRow>(read)) {
    left--
    yield row
    if (left === 0) return
  }
}

/** All results that match. */
export async function* readResults<Value>(
  reader: Reader,
  filter: LaneFilter,
  range: ResultRange = {},
): AsyncGenerator<Result<Value>, void, void> {
  for await (const { value, ...row } of readRows(reader, filter, range)) {
    const { key, dataset, annotator, domain, ...rest } = row
    yield { key, dataset, annotator, domain, value: JSON.parse(value) as Value, ...rest }
  }
}

/** All dead tasks that match. */
export async function* readDead(reader: Reader, filter: LaneFilter, signal?: AbortSignal): AsyncGenerator<DeadTask, void, void> {
  const read = (after: string | null): ReturnType<typeof reader.read<'dead'>> =>
    reader.read('dead', { filter, after, limit: pageRows }, signal)
  for await (const { value, ...row } of pages<DeadRow>(read)) yield { ...row, value: value === null ? null : parsed(value) }
}

/** A raw result may be any text, also one that is not JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text
  }
}

/**
 * Writes results as JSON lines, see {@link writeFileWhole}.
 *
 * @returns how many lines
 */
export async function exportResults(reader: Reader, file: string, filter: LaneFilter, signal: AbortSignal): Promise<number> {
  let rows = 0
  async function* lines(): AsyncGenerator<string, void, void> {
    let piece = ''
    for await (const row of readRows(reader, filter, { signal })) {
      rows++
      piece += lineOf(row)
      if (piece.length < pieceLength) continue
      yield piece
      piece = ''
    }
    if (piece !== '') yield piece
  }
  await writeFileWhole(file, lines(), signal)
  return rows
}

/** Copies the value as text: a value of an earlier version may be nested too deep to be written again. */
function lineOf({ value, key, dataset, annotator, domain, ...rest }: ResultRow): string {
  const head = JSON.stringify({ key, dataset, annotator, domain })
  return `${head.slice(0, -1)},"value":${value},${JSON.stringify(rest).slice(1)}\n`
}
