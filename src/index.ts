/**
 * drover: actor-model orchestration on worker threads.
 *
 * @module
 */
export type { InspectionEvent, InspectionObserver } from './actors/inspection.js'
export type { ChangeOptions, Patch } from './actors/membership.js'
export { type ConfigIssue, compileConfig, loadConfig, type ValidatedConfig, validateConfig } from './config.js'
export { type BlacklistEntry, type ControlOutcome, createDrover, type Drover, type ResetOutcome, type RunReport } from './drover.js'
export { DroverError, type ErrorCode, type ErrorRecord, errorCodes } from './errors.js'
export type { DroverEvents, EventName, Listener, SystemState } from './events.js'
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
export type { DeadTask, Result } from './results.js'
export type { Selector } from './selector.js'
export type { SupervisorStatus, SystemStatus, TreeStatus, WorkerStatus } from './status.js'
export type { LaneCounts, LaneFilter, QuotaStatus, StoredEvent } from './store/engine.js'
export { supervisor } from './supervisor.js'
export type { CpuProfile } from './threads/evidence.js'
