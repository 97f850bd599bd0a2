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

/** A host as the store knows it. */
export interface HostRow {
  id: string
  pid: number
  hostname: string
  /** When it joined, in ms since the epoch; null: before the store kept this. */
  joinedAt: Time | null
  /** Its last sign of life. */
  renewedAt: Time | null
  /** It ended without leaving, or counts as gone because it cannot be checked and its signs of life have run out. */
  gone: boolean
  /** When another host took its workers back; null: it is there, or nobody did yet. */
  diedAt: Time | null
  /** How many workers it holds. */
  workers: number
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
