import type { Time } from './basics.js'

/** One operating-system process, told apart from any later one that happens to get the same pid. */
export interface HostIdentity {
  /** Unique to this run of the process. */
  id: string
  pid: number
  /** When the process started, in a form that only has to be equal to be the same (Linux: clock ticks since boot). */
  startedAt: string
  /** Changes at each boot of the machine. */
  bootId: string
  /** The pid namespace: pids of another one cannot be checked from here. Empty where there is no such thing. */
  namespace: string
  hostname: string
}

/** Who holds a worker. */
export interface HoldingHost {
  host: string
  pid: number
  hostname: string
  /** Since when. */
  since: Time
}

export interface TakenBack {
  /** Workers whose host is gone, free now. */
  workers: string[]
  /** How many leases went back. */
  leases: number
}
