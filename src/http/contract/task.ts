/** Tasks, datasets and results, as they are shown. */
import * as v from 'valibot'
import { count, errorRecord, pageOf, time } from './common.js'

export const taskState = v.picklist(['waiting', 'leased', 'retrying', 'done', 'dead'])
export const deadKind = v.picklist(['failed', 'poison', 'dropped'])

/** One item in one lane. */
export const task = v.object({
  key: v.string(),
  dataset: v.string(),
  annotator: v.string(),
  domain: v.string(),
  worker: v.nullable(v.string()),
  state: taskState,
  priority: v.number(),
  attempts: count,
  failures: count,
  kind: v.nullable(deadKind),
  error: v.nullable(errorRecord),
  at: v.nullable(time),
})
export type TaskRecord = v.InferOutput<typeof task>
export const taskPage = pageOf(task)

const taskAttempt = v.object({
  annotator: v.string(),
  domain: v.string(),
  attempt: count,
  worker: v.string(),
  outcome: v.picklist(['failed', 'crashed', 'poison', 'dropped', 'done']),
  error: v.nullable(errorRecord),
  at: time,
})

/** One item with its task in every lane of its dataset. */
export const taskDetail = v.object({
  key: v.string(),
  dataset: v.string(),
  priority: v.number(),
  data: v.unknown(),
  /** `pastResults`: how many results were set aside. */
  tasks: v.array(v.object({ ...task.entries, result: v.unknown(), pastResults: count })),
  attempts: v.array(taskAttempt),
})
export type TaskDetail = v.InferOutput<typeof taskDetail>

/** How many tasks a call would change, and how many match in each state. */
export const taskCount = v.object({
  count,
  /** `dead` includes `dropped`. */
  states: v.object({ waiting: count, leased: count, retrying: count, done: count, dead: count, dropped: count }),
})
export type TaskCount = v.InferOutput<typeof taskCount>

export const dataset = v.object({
  name: v.string(),
  items: count,
  lanes: count,
  done: count,
  dead: count,
  leased: count,
  retrying: count,
  /** Of all lanes together. */
  total: count,
})
export type Dataset = v.InferOutput<typeof dataset>

/** One committed label; a line of the stream of results. */
export const result = v.object({
  key: v.string(),
  dataset: v.string(),
  annotator: v.string(),
  domain: v.string(),
  value: v.unknown(),
  attempt: count,
  worker: v.string(),
  committedAt: time,
})
export type Result = v.InferOutput<typeof result>

/** A result that a redo has set aside. */
export const pastResult = v.object({ ...v.omit(result, ['key', 'dataset']).entries, setAsideAt: time })
export type PastResult = v.InferOutput<typeof pastResult>

/** The distribution of labels and the agreement of annotators, for one domain of one dataset. */
export const labelReport = v.object({
  dataset: v.string(),
  domain: v.string(),
  items: count,
  labels: v.array(v.object({ annotator: v.string(), label: v.string(), count })),
  agreement: v.object({
    annotators: count,
    /** Items that two annotators or more have labelled. */
    items: count,
    percent: v.nullable(v.number()),
    /** Krippendorff's alpha, nominal. */
    alpha: v.nullable(v.number()),
    /** Of each two annotators; `kappa` is Cohen's. */
    pairs: v.array(v.object({ a: v.string(), b: v.string(), items: count, percent: v.number(), kappa: v.nullable(v.number()) })),
  }),
})
export type LabelReport = v.InferOutput<typeof labelReport>
