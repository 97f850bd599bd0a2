/**
 * drover: actor-model orchestration on worker threads.
 *
 * @module
 */
export type { InspectionEvent, InspectionObserver } from './actors/system/inspection.js'
export type { AddOptions, ChangeOptions, Patch, UpdateOptions } from './actors/system/membership.js'
export type { QuotaHandle, QuotaReport } from './actors/system/quota-report.js'
export type { Settings, SupervisorStatus, SystemStatus, TreeStatus, WorkerStatus } from './actors/system/status.js'
export type { LaneError } from './actors/worker/lane-errors.js'
export { createDrover } from './drover/create.js'
export type { Drover } from './drover/drover.js'
export type { Health, HealthTrouble, HostHealth, ProcessHealth, StoreHealth } from './drover/health-report.js'
export type { LaneQuery } from './drover/lane-query.js'
export type { LoadOptions, LoadReport } from './drover/load.js'
export type { EventPage, EventQuery, LabelQuery } from './drover/reads.js'
export type { BlacklistEntry, ControlOutcome, ResetOutcome } from './drover/reports.js'
export type { ResultRange } from './drover/results.js'
export type { RunEnd, RunOptions } from './drover/run.js'
export type { Incomplete, RunReport } from './drover/run-report.js'
export type { Selector } from './drover/selector.js'
export type { TaskMatch } from './drover/task-match.js'
export type { DroppableState, PastResultQuery, TaskDetail, TaskQuery, Tasks } from './drover/tasks.js'
export type { Usage } from './drover/usage.js'
export type { WorkHistory, WorkHistoryQuery } from './drover/work-history.js'
export type { WorkerHandle } from './drover/worker-handle.js'
export { DroverError, type ErrorCode, type ErrorGroup, type ErrorKind, type ErrorRecord, errorCodes, QuotaError } from './errors.js'
export type { DroverEvents, EventName, Listener, SystemState } from './events/event-map.js'
export { type Evidence, type Failure, type FailureKind, failureKinds } from './failure.js'
export type { LogLevel, RecordLevel } from './log-levels.js'
export type { LogRecord, RecentLogs } from './logs/logs.js'
export type { OpenBreaker } from './machines/lifecycle/contract.js'
export { type WorkerState, workerStates } from './machines/lifecycle/states.js'
export type { SupervisorState } from './machines/supervision/strategies.js'
export type { Backoff, BackoffOptions } from './options/backoff.js'
export type { BreakerOptions, CompiledBreaker } from './options/breaker.js'
export type { CompiledConfig, CompiledWorker } from './options/compiled.js'
export type { DroverOptions } from './options/drover.js'
export type { CompiledEvidence, EvidenceOptions } from './options/evidence.js'
export { loadConfig } from './options/file/load.js'
export type { Heartbeat, HeartbeatOptions } from './options/heartbeat.js'
export type { RecycleOptions, ResourceLimits } from './options/isolation.js'
export type { LogOptions } from './options/log.js'
export type { MailboxOptions, MailboxPolicy } from './options/mailbox.js'
export { type MatrixOptions, type MatrixWorkers, matrix } from './options/matrix.js'
export type { CompiledPool, PoolOptions, PoolQueueOptions, PoolRestart, PoolSize } from './options/pool.js'
export type { QuotaAdaptOptions, QuotaLimit, QuotaOptions } from './options/quota.js'
export type {
  FailureMatch,
  Restart,
  RestartDecision,
  RestartHistory,
  RestartLimits,
  RestartMode,
  RestartPolicy,
  RestartRule,
  RestartRules,
  RuleAction,
  Verdict,
} from './options/restart.js'
export { composePolicy, policies } from './options/restart-policies.js'
export type { SupervisorOptions } from './options/supervisor.js'
export { supervisor } from './options/supervisor.js'
export type { TaskOptions, TaskPolicy } from './options/tasks.js'
export type { AutoShutdown, RestartIntensity, SupervisorStrategy } from './options/tree.js'
export { type ConfigIssue, compileConfig, type ValidatedConfig, validateConfig } from './options/validate.js'
export type { WorkerBase, WorkerOptions } from './options/worker.js'
export type { CompiledWorkerQuota, WorkerQuotaOptions } from './options/worker-quota.js'
export { type PoolState, poolStates } from './pool-state.js'
export type { PoolRunOptions, PoolStatus, PoolTimes } from './pools/contract.js'
export type { PoolHandle } from './pools/pool-handle.js'
export { type Progress, type ProgressOptions, showProgress } from './progress/progress.js'
export type { QuotaLease } from './quotas/client.js'
export type { QuotaPort } from './quotas/connect-quota.js'
export type { OpenQuota, QuotaAcquireOptions, StandaloneQuota } from './quotas/connection.js'
export { type CreateQuotaOptions, createQuota, type SharedQuota } from './quotas/create-quota.js'
export { type AnthropicLimits, type GeminiLimits, type GroqLimits, type OpenaiLimits, quotas } from './quotas/presets.js'
export type { HeaderSource, Observation, ObservationSource, Provider } from './quotas/providers/observation.js'
export type { ReadonlyDeep } from './readonly-deep.js'
export type { CheckReport } from './store/check-report.js'
export type { Amounts, QuotaReading, QuotaSample, QuotaStatus, QuotaWindowStatus } from './store/contract/quotas.js'
export type {
  Agreement,
  CheckProblem,
  DeadTask,
  HistoryCounts,
  HistoryRow,
  LabelReport,
  PairAgreement,
  Result,
  StoredEvent,
  TaskUsageRow,
} from './store/contract/reads.js'
export type { LaneCounts, LaneFilter } from './store/contract/registry.js'
export type {
  DatasetCounts,
  DeadKind,
  PastResult,
  Task,
  TaskAttempt,
  TaskCounts,
  TaskRecord,
  TaskState,
} from './store/contract/single-tasks.js'
export type { OnConflict } from './store/contract/tasks.js'
export { checkStore } from './store/read-pool/check-store.js'
export type { StoreSpace } from './store/space.js'
export type { CpuProfile } from './threads/evidence/stack-and-profile.js'
export type {
  AnyMessages,
  Ask,
  AskName,
  AskOptions,
  MessageTypes,
  ReplyOf,
  RequestOf,
  Tell,
  TellName,
  WorkerRef,
} from './threads/messages/contract.js'
export type { LoopDelay } from './time/loop-delay.js'
export type { DatasetName, DatasetTypes, InputOf, ItemOf, ResultOf, Stored, TypedWorker, WorkerTypes } from './typed-worker.js'
export type { ReadOptions } from './validation/read-options.js'
