import type { Time } from './basics.js'

/** The identity of an operating-system process, different from any later process with the same pid. */
export interface HostIdentity {
  /** Unique to this run of the process. */
  id: string
  pid: number
  /** Start time of the process; only compared for equality (Linux: clock ticks since boot). */
  startedAt: string
  /** Changes at each boot of the machine. */
  bootId: string
  /** The pid namespace: pids of another one cannot be checked from here. Empty on systems without namespaces. */
  namespace: string
  hostname: string
}

/** The holder of a worker. */
export interface HoldingHost {
  host: string
  pid: number
  hostname: string
  /** Since when. */
  since: Time
}

export interface TakenBack {
  /** Freed workers of dead hosts. */
  workers: string[]
  /** Number of returned leases. */
  leases: number
}
