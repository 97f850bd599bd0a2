/**
 * drover: actor-model orchestration on worker threads.
 *
 * @module
 */
export type { InspectionEvent, InspectionObserver } from './actors/system/inspection.js'
export type { ChangeOptions, Patch } from './actors/system/membership.js'
export type { QuotaHandle, QuotaReport } from './actors/system/quota-control.js'
export type { Settings, SupervisorStatus, SystemStatus, TreeStatus, WorkerStatus } from './actors/system/status.js'
export type { LaneError } from './actors/worker/lane-errors.js'
export { checkStore } from './drover/check.js'
export { type BlacklistEntry, type ControlOutcome, createDrover, type Drover, type ResetOutcome } from './drover/drover.js'
export type { LoadOptions, LoadReport } from './drover/load.js'
export type { EventPage, EventQuery, LabelQuery } from './drover/reads.js'
export type { DeadTask, ReadOptions, Result, ResultRange } from './drover/results.js'
export type { RunEnd, RunOptions } from './drover/run.js'
export type { Incomplete, RunReport } from './drover/run-report.js'
export type { Selector } from './drover/selector.js'
export type { DroppableState, TaskDetail, TaskQuery, Tasks } from './drover/tasks.js'
export type { Usage } from './drover/usage.js'
export { DroverError, type ErrorCode, type ErrorGroup, type ErrorKind, type ErrorRecord, errorCodes, QuotaError } from './errors.js'
export type { DroverEvents, EventName, Listener, SystemState } from './events/event-map.js'
export { type Evidence, type Failure, type FailureKind, failureKinds } from './failure.js'
export type { LogRecord, RecentLogs } from './logs/logs.js'
export { type WorkerState, workerStates } from './machines/lifecycle/contract.js'
export {
  composePolicy,
  type FailureMatch,
  policies,
  type Restart,
  type RestartDecision,
  type RestartHistory,
  type RestartLimits,
  type RestartMode,
  type RestartPolicy,
  type RestartRule,
  type RestartRules,
  type RuleAction,
  type Verdict,
} from './machines/lifecycle/judge.js'
export type { AutoShutdown, RestartIntensity, SupervisorState, SupervisorStrategy } from './machines/supervision/rules.js'
export type * from './options/drover.js'
export { type MatrixOptions, matrix } from './options/matrix.js'
export { type ConfigIssue, compileConfig, loadConfig, type ValidatedConfig, validateConfig } from './options/validate.js'
export { type ProgressOptions, showProgress } from './progress/progress.js'
export type { QuotaLease } from './quotas/client.js'
export type { QuotaPort } from './quotas/connect-quota.js'
export type { OpenQuota, QuotaAcquireOptions, StandaloneQuota } from './quotas/connection.js'
export { type CreateQuotaOptions, createQuota, type SharedQuota } from './quotas/create-quota.js'
export { type AnthropicLimits, type GeminiLimits, type GroqLimits, type OpenaiLimits, quotas } from './quotas/presets.js'
export type { HeaderSource, Observation, ObservationSource, Provider, QuotaReading } from './quotas/providers/observation.js'
export type { Agreement, LabelReport, PairAgreement } from './store/agreement.js'
export type { CheckProblem, CheckReport } from './store/check.js'
export type {
  Amounts,
  LaneCounts,
  LaneFilter,
  QuotaSample,
  QuotaStatus,
  QuotaWindowStatus,
  StoredEvent,
  TaskUsageRow,
} from './store/contract/engine.js'
export type { DatasetCounts, DeadKind, Task, TaskAttempt, TaskState } from './store/contract/single-tasks.js'
export { supervisor } from './supervisor.js'
export type { CpuProfile } from './threads/evidence/stack-and-profile.js'
export type { LaneQuery } from './validation/filters.js'
