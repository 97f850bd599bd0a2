/** Results on their way out: as an async iterator, and as a file of JSON lines. */
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { finished } from 'node:stream/promises'
import { wholeNumber } from './arguments.js'
import type { ErrorRecord } from './errors.js'
import { pages } from './pages.js'
import type { DeadRow, LaneFilter, ResultRow } from './store/engine.js'
import type { Reader } from './store/reader.js'
import type { DeadKind } from './store/tasks.js'

/** One committed label. */
export interface Result<Value = unknown> {
  key: string
  dataset: string
  annotator: string
  domain: string
  value: Value
  /** The ordinal of the attempt that made it, from 1. */
  attempt: number
  worker: string
  /** Ms since the epoch. */
  committedAt: number
}

/** One task that was given up. */
export interface DeadTask {
  key: string
  dataset: string
  annotator: string
  domain: string
  worker: string
  kind: DeadKind
  error: ErrorRecord
  attempt: number
  /** The raw answer that did not fit the output schema, if that was the reason. */
  value: unknown
  /** Ms since the epoch. */
  at: number
}

/** A part of the rows. */
export interface ResultRange {
  /** So many are left out first. @defaultValue 0 */
  skip?: number
  /** At most so many. @defaultValue all */
  limit?: number
}

const pageRows = 1_000

/** @throws DroverError ARGUMENT_INVALID */
export function checkRange({ skip, limit }: ResultRange): ResultRange {
  return {
    ...(skip !== undefined && { skip: wholeNumber('skip', skip, 0, Number.MAX_SAFE_INTEGER) }),
    ...(limit !== undefined && { limit: wholeNumber('limit', limit, 0, Number.MAX_SAFE_INTEGER) }),
  }
}

/** All results that match, lane by lane, in order of loading. Committed while it runs: may or may not be among them, never twice. */
export async function* readResults<Value>(
  reader: Reader,
  filter: LaneFilter,
  range: ResultRange = {},
): AsyncGenerator<Result<Value>, void, void> {
  let left = range.limit ?? Number.POSITIVE_INFINITY
  if (left === 0) return
  const read = (after: string | null): ReturnType<typeof reader.read<'results'>> =>
    reader.read('results', { filter, after, limit: Math.min(pageRows, left), ...(after === null && range.skip && { skip: range.skip }) })
  for await (const { value, ...row } of pages<ResultRow>(read)) {
    left--
    const { key, dataset, annotator, domain, ...rest } = row
    yield { key, dataset, annotator, domain, value: JSON.parse(value) as Value, ...rest }
    if (left === 0) return
  }
}

/** All dead tasks that match. */
export async function* readDead(reader: Reader, filter: LaneFilter): AsyncGenerator<DeadTask, void, void> {
  for await (const { value, ...row } of pages<DeadRow>((after) => reader.read('dead', { filter, after, limit: pageRows }))) {
    yield { ...row, value: value === null ? null : (JSON.parse(value) as unknown) }
  }
}

/**
 * Writes results as JSON lines: into a temporary file beside the target, synced, then renamed, so that the target is either the
 * old file or the whole new one.
 *
 * @returns how many lines
 */
export async function exportResults(reader: Reader, file: string, filter: LaneFilter): Promise<number> {
  const temporary = `${file}.${process.pid}.tmp`
  const stream = createWriteStream(temporary, { flush: true })
  let rows = 0
  try {
    await once(stream, 'open')
    for await (const result of readResults(reader, filter)) {
      rows++
      if (!stream.write(`${JSON.stringify(result)}\n`)) await once(stream, 'drain')
    }
    stream.end()
    await finished(stream)
    await rename(temporary, file)
  } catch (error) {
    stream.destroy()
    await rm(temporary, { force: true })
    throw error
  }
  await syncFolder(dirname(file))
  return rows
}

/** Makes the rename itself durable, where the platform can. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => null)
  await handle?.sync().catch(() => {})
  await handle?.close()
}
