import type { ErrorRecord } from '../../errors.js'
import type { Time } from './basics.js'
import type { Amounts } from './quotas.js'
import type { DeadKind } from './single-tasks.js'

/** One committed label. */
export interface Result<Value = unknown> {
  key: string
  dataset: string
  annotator: string
  domain: string
  value: Value
  /** Number of the attempt that made it, from 1. */
  attempt: number
  worker: string
  /** Ms since the epoch. */
  committedAt: number
}

/** A result as it is stored: its value is JSON text. */
export type ResultRow = Result<string>

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
  /** The raw result, if it did not fit the output schema. */
  value: unknown
  /** Ms since the epoch. */
  at: number
}

/** An ended task, done or dead, with its item. */
export interface EndedRow {
  key: string
  dataset: string
  annotator: string
  domain: string
  worker: string
  /** 1: done; 0: dead. */
  done: 0 | 1
  kind: DeadKind | null
  /** Why it is dead. */
  error: ErrorRecord | null
  attempt: number
  /** The item, as JSON text. */
  data: string
  /** The result, or the raw answer of a dead task, as JSON text. */
  value: string | null
  /** The result's `label`, if it is an object with one. */
  label: string | null
  at: Time
}

/** What was done in some time. */
export interface HistoryCounts {
  /** Results that were stored. A result that is set aside or deleted later stays counted. */
  results: number
  /** Attempts that failed, or crashed the worker. */
  failed: number
  /** Tasks that were given up, without those dropped by hand. */
  dead: number
  /** Times that a worker was started again after a failure. */
  restarts: number
}

/** What was done in one step of time. */
export interface HistoryRow extends HistoryCounts {
  /** When the step begins, in ms since the epoch. */
  at: Time
}

/** A dead task as it is stored: its raw result is a text, JSON or not. */
export type DeadRow = DeadTask & { value: string | null }

/** Which ended tasks; a list that is left out allows all. */
export interface EndedFilter {
  annotators?: string[]
  domains?: string[]
}

/** Amounts used by a worker's calls, by unit, as reported. */
export interface UsageRow {
  worker: string
  annotator: string
  domain: string
  usage: Amounts
}

/** Amounts used by the calls of one task, by unit, over all its attempts. */
export interface TaskUsageRow {
  key: string
  dataset: string
  annotator: string
  domain: string
  usage: Amounts
}

/**
 * One event of the event log. `id` rises with each; `at` is ms since the epoch; `worker` is null for events without a single
 * worker.
 */
export interface StoredEvent {
  id: number
  host: string
  at: Time
  type: string
  worker: string | null
  payload: unknown
}

/** The most example rows of a problem. */
export const mostExamples = 10

/** A broken rule of a store. */
export interface CheckProblem {
  /** Which check found it; see {@link CheckReport.checked}. */
  check: string
  message: string
  /** How many rows break it. */
  count: number
  /** The first ten rows, as data or in SQLite's words. */
  examples: (string | Record<string, unknown>)[]
}

/** A part of a check. */
export interface CheckPart {
  problems: CheckProblem[]
  /** The check, and its time in ms. */
  checked: { check: string; ms: number }
  /** Position of the next part; null: this was the last. */
  next: string | null
}

/** Two annotators on the items that both have labelled. */
export interface PairAgreement {
  a: string
  b: string
  items: number
  /** Share of these items with the same label, 0 to 100. */
  percent: number
  /** Cohen's kappa; null where chance alone would agree on every item. */
  kappa: number | null
}

/** The agreement of annotators on the labels of one dataset and domain. */
export interface Agreement {
  annotators: number
  /** Items labelled by two annotators or more. */
  items: number
  /** Share of equal pairs among all pairs of labels of the same item, 0 to 100; null: no such pair. */
  percent: number | null
  /** Krippendorff's alpha for nominal data; null where only one label occurs, or no item has two. */
  alpha: number | null
  pairs: PairAgreement[]
}

/** Labels of one dataset and domain. */
export interface LabelReport {
  dataset: string
  domain: string
  /** Items with a label. */
  items: number
  /** At most 50 different labels, the most frequent; the rest is `(other)`. By annotator, the most frequent first. */
  labels: { annotator: string; label: string; count: number }[]
  agreement: Agreement
}
