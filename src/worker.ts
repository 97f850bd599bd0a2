export type { StandardSchemaV1 } from '@standard-schema/spec'
export type { WorkerLog } from './logs/log.js'
export type { PoolContext } from './pools/pool-context.js'
export type { QuotaLease } from './quotas/client.js'
export { connectQuota, type QuotaPort } from './quotas/connect-quota.js'
export type { OpenQuota, QuotaAcquireOptions, StandaloneQuota } from './quotas/connection.js'
export type { HeaderSource, Observation, ObservationSource, Provider } from './quotas/providers/observation.js'
export { type ObserveOptions, observe, observeResponse } from './quotas/providers/observe.js'
export type { Amounts, QuotaReading } from './store/contract/quotas.js'
export type {
  AnyMessages,
  Ask,
  AskName,
  AskOptions,
  MessageCall,
  MessageTypes,
  ReplyOf,
  RequestOf,
  Tell,
  TellName,
  WorkerRef,
} from './threads/messages/contract.js'
export type { QuotaCallOptions, WorkerContext, WorkerQuota } from './threads/runtime/context/contract.js'
export { type DefinedWorker, defineWorker, isDefinedWorker, type Task, type WorkerDefinition } from './threads/runtime/define-worker.js'
export type { AnyHandlers, Handlers } from './threads/runtime/receive.js'
export { TaskError, type TaskErrorOptions } from './threads/runtime/task-error.js'
export type { InputOf, ItemOf, ResultOf, Stored, TypedWorker, WorkerTypes } from './typed-worker.js'
