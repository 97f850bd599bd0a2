import type { ErrorRecord } from '../../errors.js'
import type { Time } from './basics.js'
import type { Amounts } from './quotas.js'
import type { DeadKind } from './single-tasks.js'

export interface ResultRow {
  key: string
  dataset: string
  annotator: string
  domain: string
  /** JSON text. */
  value: string
  attempt: number
  worker: string
  committedAt: Time
}

export interface DeadRow {
  key: string
  dataset: string
  annotator: string
  domain: string
  worker: string
  kind: DeadKind
  error: ErrorRecord
  attempt: number
  /** The raw answer that did not fit, as JSON text. */
  value: string | null
  at: Time
}

/** What calls used, by unit, as they told. */
export interface UsageRow {
  worker: string
  annotator: string
  domain: string
  usage: Amounts
}

/** What the calls for one task used, by unit, over all its attempts. */
export interface TaskUsageRow {
  key: string
  dataset: string
  annotator: string
  domain: string
  usage: Amounts
}

/** One event of the event log. `id` rises with each; `at` is ms since the epoch; `worker` is null for what concerns no single one. */
export interface StoredEvent {
  id: number
  host: string
  at: Time
  type: string
  worker: string | null
  payload: unknown
}

/** So many rows are shown of those that break a rule. */
export const mostExamples = 10

/** Something that must hold in a store and does not. */
export interface CheckProblem {
  /** Which check found it; see {@link CheckReport.checked}. */
  check: string
  message: string
  /** How many rows break it. */
  count: number
  /** The first ten of them, as they are or as SQLite names them. */
  examples: (string | Record<string, unknown>)[]
}

/** A part of a check. */
export interface CheckPart {
  problems: CheckProblem[]
  /** The check that was made, and how long it took in ms. */
  checked: { check: string; ms: number }
  /** Where to go on, or null: that was all. */
  next: string | null
}

/** Two annotators on the items that both have labelled. */
export interface PairAgreement {
  a: string
  b: string
  items: number
  /** Of them with the same label, 0 to 100. */
  percent: number
  /** Cohen's kappa; null where chance alone would agree on every item. */
  kappa: number | null
}

/** How far annotators agree on the labels of one dataset and domain. */
export interface Agreement {
  annotators: number
  /** With two annotators or more. */
  items: number
  /** Of all pairs of labels of one item those that are the same, 0 to 100; null: there is no such pair. */
  percent: number | null
  /** Krippendorff's alpha for nominal data; null where only one label occurs, or no item has two. */
  alpha: number | null
  pairs: PairAgreement[]
}

/** Labels of one dataset and domain. */
export interface LabelReport {
  dataset: string
  domain: string
  /** That have a label. */
  items: number
  /** At most 50 different labels, the most frequent; the rest is `(other)`. By annotator, the most frequent first. */
  labels: { annotator: string; label: string; count: number }[]
  agreement: Agreement
}
