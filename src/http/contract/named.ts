/** The schemas that the OpenAPI document names, so that it says each once. */
import { errorAnswer, errorRecord } from './common.js'
import { health } from './health.js'
import { controlOutcome, event, logRecord, profile, resetOutcome, settings } from './log.js'
import { quota, quotaOptions, quotaSample } from './quota.js'
import { dataset, labelReport, pastResult, result, task, taskCount, taskDetail } from './task.js'
import { treeNode } from './tree.js'
import { workHistory } from './work-history.js'
import { attention, beat, blacklistEntry, failure, overview, transition, worker, workerDetail } from './worker.js'

export const named = {
  Attention: attention,
  Beat: beat,
  BlacklistEntry: blacklistEntry,
  ControlOutcome: controlOutcome,
  Dataset: dataset,
  ErrorAnswer: errorAnswer,
  ErrorRecord: errorRecord,
  Event: event,
  Failure: failure,
  Health: health,
  WorkHistory: workHistory,
  LabelReport: labelReport,
  LogRecord: logRecord,
  Overview: overview,
  PastResult: pastResult,
  Profile: profile,
  Quota: quota,
  QuotaOptions: quotaOptions,
  QuotaSample: quotaSample,
  ResetOutcome: resetOutcome,
  Result: result,
  Settings: settings,
  Task: task,
  TaskCount: taskCount,
  TaskDetail: taskDetail,
  Transition: transition,
  TreeNode: treeNode,
  Worker: worker,
  WorkerDetail: workerDetail,
}
