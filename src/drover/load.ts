/**
 * Streams records into a dataset: only a few batches are in memory, for a source of any length.
 */

import { longestKey, longestName } from '../bounds.js'
import { DroverError } from '../errors.js'
import type { EngineClient } from '../store/contract/engine.js'
import type { NewItem, OnConflict } from '../store/contract/tasks.js'
import { Interruption } from '../store/interrupted-by-signal.js'
import { argumentError, checkOneOf, checkSignal } from '../validation/arguments.js'
import { checkOptions } from '../validation/filters.js'
import { describe } from '../values/describe.js'
import { deepestJson, isTooDeep } from '../values/json-depth.js'
import { keptByJson, lossIn, whyNotJson } from '../values/json-loss.js'
import { messageOf } from '../values/plain.js'
import { Records } from './records.js'

/** The options of {@link Drover.load}. */
export interface LoadOptions<Item> {
  /** The item's key, unique in its dataset: a number, or a text of 1 to 512 characters. @defaultValue its `id`, else its `key` */
  key?: (item: Item, position: number) => string | number
  /** The item's priority, a whole number; higher goes first. Only the first load of an item sets it. @defaultValue 0 */
  priority?: (item: Item) => number
  /**
   * For a known key with different data: an error that names the key, keep the stored data, or replace it (results stay).
   * @defaultValue 'error'
   */
  onConflict?: OnConflict
  /**
   * Stops the load at once, even while the source is silent. Items before that are stored, and the load rejects with the signal's
   * reason.
   */
  signal?: AbortSignal
}

/** Numbers of items of a {@link Drover.load}. */
export interface LoadReport {
  dataset: string
  added: number
  /** Items that were in the dataset already. */
  known: number
  /** Known items whose data were replaced (`onConflict: 'update'`). */
  updated: number
  /** Set if no worker uses this dataset, so that no item will be labelled; perhaps another name was meant. */
  warning?: string
  /** Set if a process signal ended the load before its source did. Items before that are stored. */
  interrupted?: true
}

/** A batch is sent at this number of items or characters, or when its first item has waited this long. */
const batchItems = 1_000
const batchChars = 250_000
const longestWaitMs = 50
/** Batches that may wait for the store at once. */
const batchesInFlight = 2

/** @throws DroverError ARGUMENT_INVALID */
export function checkLoad<Item>(dataset: unknown, source: unknown, options: LoadOptions<Item>): LoadOptions<Item> {
  if (typeof dataset !== 'string' || dataset === '') throw new DroverError('ARGUMENT_INVALID', 'load takes the name of a dataset first')
  // No worker could have it.
  if (dataset.length > longestName) throw argumentError('the dataset', `a name of 1 to ${longestName} characters`, dataset)
  const isSource = typeof source === 'object' && source !== null && (Symbol.iterator in source || Symbol.asyncIterator in source)
  if (!isSource) throw argumentError('the source', 'a list, or something else to iterate over', source)
  const checked = checkOptions('the third argument of load', options, ['key', 'priority', 'onConflict', 'signal'])
  const { key, priority, onConflict, signal } = checked
  if (key !== undefined && typeof key !== 'function') throw argumentError('key', 'a function', key)
  if (priority !== undefined && typeof priority !== 'function') throw argumentError('priority', 'a function', priority)
  if (onConflict !== undefined) checkOneOf('onConflict', ['error', 'keep', 'update'], onConflict)
  checkSignal('signal', signal)
  return checked
}

/**
 * @param ending aborts when the system ends, with the reason; at an {@link Interruption} the load ends in order
 * @throws DroverError LOAD_BAD_RECORD, with the record's position; the records before it are loaded
 * @throws DroverError LOAD_CONFLICT, with key and position; records shortly before it may not be loaded. Loading again is
 * idempotent
 */
export async function loadItems<Item>(
  store: EngineClient,
  dataset: string,
  source: Iterable<Item> | AsyncIterable<Item>,
  options: LoadOptions<Item>,
  ending: AbortSignal,
  onAdded: () => void,
): Promise<LoadReport> {
  const report: LoadReport = { dataset, added: 0, known: 0, updated: 0 }
  const onConflict = options.onConflict ?? 'error'
  const signals = options.signal ? [options.signal, ending] : [ending]
  if (ending.reason instanceof Interruption) return { ...report, interrupted: true }
  for (const signal of signals) signal.throwIfAborted()
  const records = new Records(source)
  const inFlight = new Set<Promise<void>>()
  const refused: unknown[] = []
  let batch: NewItem[] = []
  let chars = 0
  let position = 0
  let timer: NodeJS.Timeout | null = null

  const send = (): void => {
    if (timer) clearTimeout(timer)
    timer = null
    const items = batch
    const from = position - items.length
    batch = []
    chars = 0
    const sent: Promise<void> = store
      .call('enqueue', { dataset, items, onConflict })
      .then((reply) => {
        if (reply.conflict) throw conflict(dataset, reply.conflict.key, from + reply.conflict.index)
        report.added += reply.added
        report.known += reply.known
        report.updated += reply.updated
        if (reply.added > 0 || reply.updated > 0) onAdded()
      })
      .catch((error: unknown) => {
        // The batch was waiting for the store when the end came.
        const why = DroverError.is(error) && error.code === 'CLOSED' && ending.aborted ? ending.reason : error
        refused.push(why)
        records.stop(why)
      })
      .finally(() => inFlight.delete(sent))
    inFlight.add(sent)
  }
  /** While the store is busy, waiting items are collected into one batch. */
  const sendSoon = (): void => {
    timer = setTimeout(() => (inFlight.size < batchesInFlight ? send() : sendSoon()), longestWaitMs)
  }
  const abort = (): void => records.stop(signals.find(({ aborted }) => aborted)?.reason)

  for (const signal of signals) signal.addEventListener('abort', abort)
  try {
    for (let next = await records.next(); next; next = await records.next()) {
      const item = toItem(next.record, position, options)
      batch.push(item)
      chars += item.data.length
      position++
      if (batch.length >= batchItems || chars >= batchChars) send()
      else if (!timer) sendSoon()
      while (inFlight.size >= batchesInFlight) await Promise.race(inFlight)
    }
  } catch (error) {
    if (!(error instanceof Interruption)) throw error
    report.interrupted = true
  } finally {
    for (const signal of signals) signal.removeEventListener('abort', abort)
    // Records before a bad one are loaded too.
    if (batch.length > 0 && refused.length === 0) send()
    if (timer) clearTimeout(timer)
    await Promise.all([records.close(), ...inFlight])
  }
  if (refused[0] instanceof Interruption) report.interrupted = true
  else if (refused.length > 0) throw refused[0]
  return report
}

function toItem<Item>(record: Item, position: number, options: LoadOptions<Item>): NewItem {
  const bad = (why: string, cause?: unknown): DroverError =>
    new DroverError('LOAD_BAD_RECORD', `record ${position}: ${why}`, { details: { position }, ...(cause !== undefined && { cause }) })
  let key: unknown
  let priority: unknown
  try {
    key = options.key ? options.key(record, position) : ((record as { id?: unknown })?.id ?? (record as { key?: unknown })?.key)
  } catch (cause) {
    throw bad(`its key could not be read: ${messageOf(cause)}`, cause)
  }
  if (typeof key === 'number' && Number.isFinite(key)) key = String(key)
  if (typeof key !== 'string' || key === '' || key.length > longestKey) {
    throw bad(
      `its key must be a number or a string of 1 to ${longestKey} characters, got ${shown(key)}${options.key ? '' : '; pass load the option key'}`,
    )
  }
  if (!isWellFormed(key)) {
    throw bad('its key contains half of a surrogate pair, which the store cannot keep')
  }
  try {
    priority = options.priority?.(record) ?? 0
  } catch (cause) {
    throw bad(`its priority could not be read: ${messageOf(cause)}`, cause)
  }
  if (!Number.isSafeInteger(priority)) throw bad(`its priority must be a whole number, got ${shown(priority)}`)
  let data: string
  let loss: string | null
  try {
    data = JSON.stringify(record)
    loss = lossIn(record)
  } catch (cause) {
    throw bad(`it cannot be written as JSON: ${whyNotJson(record, cause)}`, cause)
  }
  if (loss !== null) throw bad(`it cannot be written as JSON: ${loss}; ${keptByJson}`)
  if (isTooDeep(data)) throw bad(`it is nested deeper than ${deepestJson} levels`)
  return { key, data, priority: priority as number }
}

/** Whether each surrogate has its other half: UTF-8, and so the store, cannot represent a single one. */
function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text)
}

function shown(value: unknown): string {
  if (value === undefined) return 'undefined'
  if (typeof value === 'string') return value === '' ? 'an empty string' : `a string of ${value.length} characters`
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return String(value)
  return describe(value)
}

function conflict(dataset: string, key: string, position: number): DroverError {
  return new DroverError(
    'LOAD_CONFLICT',
    `record ${position}: key ${JSON.stringify(key)} is in dataset ${JSON.stringify(dataset)} with different data; pass onConflict: 'keep' or 'update' if this is intended`,
    { details: { key, position, dataset } },
  )
}
