/**
 * drover: actor-model orchestration on worker threads.
 *
 * @module
 */
export type { InspectionEvent, InspectionObserver } from './actors/inspection.js'
export type { ChangeOptions, Patch } from './actors/membership.js'
export type { QuotaHandle, QuotaReport } from './actors/quota-desk.js'
export { checkStore } from './check.js'
export { type ConfigIssue, compileConfig, loadConfig, type ValidatedConfig, validateConfig } from './config.js'
export { type BlacklistEntry, type ControlOutcome, createDrover, type Drover, type ResetOutcome } from './drover.js'
export { DroverError, type ErrorCode, type ErrorGroup, type ErrorKind, type ErrorRecord, errorCodes, QuotaError } from './errors.js'
export type { DroverEvents, EventName, Listener, SystemState } from './events.js'
export type { LaneQuery } from './filters.js'
export type { LaneError } from './lane-errors.js'
export type { LoadOptions, LoadReport } from './load.js'
export type { LogRecord, RecentLogs } from './logs/logs.js'
export { type Evidence, type Failure, type FailureKind, failureKinds } from './machines/failure.js'
export { type WorkerState, workerStates } from './machines/lifecycle-contract.js'
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
} from './machines/restart-policy.js'
export type { AutoShutdown, RestartIntensity, SupervisorState, SupervisorStrategy } from './machines/supervision.js'
export { type MatrixOptions, matrix } from './matrix.js'
export type * from './options.js'
export { type ProgressOptions, showProgress } from './progress.js'
export type { QuotaLease } from './quotas/client.js'
export type { QuotaPort } from './quotas/connect-quota.js'
export type { OpenQuota, QuotaAcquireOptions, StandaloneQuota } from './quotas/connection.js'
export { type CreateQuotaOptions, createQuota, type SharedQuota } from './quotas/create-quota.js'
export type { HeaderSource, Observation, ObservationSource, Provider, QuotaReading } from './quotas/observation.js'
export { type AnthropicLimits, type GeminiLimits, type GroqLimits, type OpenaiLimits, quotas } from './quotas/presets.js'
export type { EventPage, EventQuery, LabelQuery } from './reads.js'
export type { DeadTask, ReadOptions, Result, ResultRange } from './results.js'
export type { RunEnd, RunOptions } from './run.js'
export type { Incomplete, RunReport } from './run-report.js'
export type { Selector } from './selector.js'
export type { Settings, SupervisorStatus, SystemStatus, TreeStatus, WorkerStatus } from './status.js'
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
} from './store/engine.js'
export type { Agreement, LabelReport, PairAgreement } from './store/labels.js'
export type { DatasetCounts, DeadKind, Task, TaskAttempt, TaskState } from './store/tasks.js'
export { supervisor } from './supervisor.js'
export type { DroppableState, TaskDetail, TaskQuery, Tasks } from './tasks.js'
export type { CpuProfile } from './threads/evidence.js'
export type { Usage } from './usage.js'
