/** Results and dead tasks as the annotations of the old system. */
import * as v from 'valibot'
import type { EndedRow } from '../../store/contract/reads.js'
import { count } from '../contract/common.js'
import { annotatorId } from './contract.js'
import { annotatorIdOf } from './present.js'

export const annotation = v.object({
  id: v.string(),
  annotator_id: annotatorId,
  domain: v.string(),
  dataset: v.string(),
  /** Of the item: its `text`, or all of it. */
  text: v.string(),
  /** Of the result: its `response`, or all of it. */
  response: v.string(),
  /** Of the result: its `label`, or a result that is a text or a number itself; `MALFORMED`: the task is dead. */
  label: v.nullable(v.string()),
  malformed: v.boolean(),
  timestamp: v.pipe(v.string(), v.isoTimestamp()),
  attempt: count,
  worker: v.string(),
  /** Why it is dead. */
  error: v.nullable(v.string()),
})
export type Annotation = v.InferOutput<typeof annotation>

const malformedLabel = 'MALFORMED'

export function presentAnnotation({
  key,
  annotator,
  domain,
  dataset,
  data,
  value,
  label,
  done,
  at,
  attempt,
  worker,
  error,
}: EndedRow): Annotation {
  const answer = parsed(value)
  return {
    id: key,
    annotator_id: annotatorIdOf(annotator),
    domain,
    dataset,
    text: textIn(parsed(data), 'text'),
    response: textIn(answer, 'response'),
    label: done ? (label ?? labelIn(answer)) : malformedLabel,
    malformed: !done,
    timestamp: new Date(at).toISOString(),
    attempt,
    worker,
    error: error?.message ?? null,
  }
}

/** The raw answer of a dead task may be any text. */
function parsed(text: string | null): unknown {
  if (text === null) return null
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text
  }
}

function textIn(value: unknown, field: 'text' | 'response'): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'object' && field in value) return textIn((value as Record<string, unknown>)[field], field)
  return typeof value === 'string' ? value : jsonOf(value)
}

function labelIn(value: unknown): string | null {
  const label = typeof value === 'object' && value !== null && 'label' in value ? value.label : value
  return typeof label === 'string' || typeof label === 'number' || typeof label === 'boolean' ? String(label).slice(0, 200) : null
}

/** A value of an earlier version may be nested too deep. */
function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value)
  } catch {
    return ''
  }
}
