/**
 * Validates a worker's messages before the host acts on them: the user's code in the thread may send anything. Used only by the
 * host.
 */
import * as v from 'valibot'
import { recordLevels } from '../../log-levels.js'
import { read } from '../../values/plain.js'
import { type BeatCell, fieldsPerCell } from '../heartbeat/beats.js'
import { deathCauses } from '../messages/contract.js'
import type { ThreadReport } from './messages.js'

const text = v.string()
const errorRecord: v.GenericSchema<Extract<ThreadReport, { type: 'failed' }>['error']> = v.object({
  name: text,
  message: text,
  code: v.exactOptional(text),
  stack: v.exactOptional(text),
  cause: v.exactOptional(v.lazy(() => errorRecord)),
  details: v.exactOptional(v.record(text, v.unknown())),
})
const errorKind = { id: text, code: text, message: text, where: v.nullable(text) }
const ends = ['start-error', 'uncaught-error', 'unhandled-rejection', 'exit'] as const

/** One schema for each kind of report; a new kind without one does not compile. */
const forms: { [Type in ThreadReport['type']]: v.GenericSchema<unknown, Extract<ThreadReport, { type: Type }>> } = {
  extend: v.object({ type: v.literal('extend'), ms: v.number() }),
  declined: v.object({ type: v.literal('declined'), reason: text }),
  ready: v.object({ type: v.literal('ready'), actor: v.boolean() }),
  failed: v.object({ type: v.literal('failed'), kind: v.picklist(ends), error: errorRecord }),
  log: v.object({
    type: v.literal('log'),
    level: v.picklist(recordLevels),
    message: text,
    fields: v.nullable(v.record(text, v.unknown())),
  }),
  failing: v.object({
    type: v.literal('failing'),
    errors: v.array(v.object({ ...errorKind, count: v.number(), dead: v.number(), key: text, at: v.number() })),
    streak: v.nullable(v.object({ id: text, count: v.number() })),
  }),
  'breaker-opened': v.object({ type: v.literal('breaker-opened'), error: v.object(errorKind), attempts: v.number() }),
  'breaker-closed': v.object({ type: v.literal('breaker-closed') }),
  waiting: v.object({ type: v.literal('waiting') }),
  working: v.object({ type: v.literal('working') }),
  complete: v.object({
    type: v.literal('complete'),
    counts: v.nullable(
      v.object({
        worker: text,
        total: v.number(),
        done: v.number(),
        dead: v.number(),
        leased: v.number(),
        retrying: v.number(),
        complete: v.boolean(),
      }),
    ),
  }),
  spent: v.object({ type: v.literal('spent'), inMs: v.number(), quota: text, window: text, amounts: v.record(text, v.number()) }),
  retired: v.object({ type: v.literal('retired'), quota: text, reason: text }),
  recycle: v.object({ type: v.literal('recycle'), reason: text }),
  wanted: v.object({ type: v.literal('wanted'), peer: text }),
  'dead-letters': v.object({
    type: v.literal('dead-letters'),
    letters: v.array(v.object({ from: v.nullable(text), to: text, message: text, why: v.picklist(deathCauses), count: v.number() })),
  }),
  fenced: v.object({ type: v.literal('fenced') }),
}

/** @throws an Error that names the mistake */
export function checkReport(value: unknown): ThreadReport {
  const type = read(value, 'type')
  if (typeof type !== 'string' || !Object.hasOwn(forms, type)) throw new Error('a report of an unknown type')
  const checked = v.safeParse(forms[type as ThreadReport['type']], value, { abortEarly: true })
  if (checked.success) return checked.output
  const [{ message, path }] = checked.issues
  throw new Error(`a report "${type}" of the wrong form: ${path?.map(({ key }) => key).join('.')}: ${message}`)
}

/** Beats that were copied elsewhere (`BeatCell.copy`). @throws an Error if the value is not a copy of beats */
export function checkBeats(value: unknown): ReturnType<BeatCell['copy']> {
  if (Array.isArray(value) && value.length === fieldsPerCell && value.every((field) => Number.isInteger(field))) return value
  throw new Error('invalid beats')
}
