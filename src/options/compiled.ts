import type { LogLevel } from '../log-levels.js'
import type { QuotaSpec } from '../store/contract/quotas.js'
import type { CompiledEvidence } from './evidence.js'
import type { Heartbeat } from './heartbeat.js'
import type { RecycleOptions, ResourceLimits } from './isolation.js'
import type { MailboxPolicy } from './mailbox.js'
import type { CompiledPool } from './pool.js'
import type { RestartPolicy } from './restart.js'
import type { TaskPolicy } from './tasks.js'
import type { TreeNode } from './tree.js'
import type { CompiledWorkerQuota } from './worker-quota.js'

/** {@link WorkerOptions} with all defaults filled in. Times are ms. */
export interface CompiledWorker {
  id: string
  annotator: string
  domain: string
  /** Always a `file:` URL. */
  module: string
  input: unknown
  dataset: string | null
  quota: CompiledWorkerQuota | null
  enabled: boolean
  target: number | null
  delayMs: number
  concurrency: number
  prefetch: number | 'auto'
  priority: number
  group: string | null
  restart: RestartPolicy
  isolation: 'thread' | 'process'
  resourceLimits: ResourceLimits
  recycle: RecycleOptions
  mailbox: MailboxPolicy
  heartbeat: Heartbeat
  tasks: TaskPolicy
  drainMs: number
  idleMs: number
}

/** The configuration after compilation. */
export interface CompiledConfig {
  store: string
  /** In the order of starting. */
  workers: CompiledWorker[]
  /** The same workers, under their supervisors. */
  tree: TreeNode[]
  pools: CompiledPool[]
  concurrency: number
  groups: Record<string, number>
  onFull: 'queue' | 'reject'
  onHeld: 'wait' | 'refuse'
  onEscalation: 'stop' | 'keep'
  quotas: QuotaSpec[]
  durability: 'power' | 'process'
  drainMs: number
  killMs: number
  keepEvents: number
  log: { level: LogLevel; console: boolean; dir: string | false; maxBytes: number; keep: number }
  evidence: CompiledEvidence | null
  secrets: string[]
}
