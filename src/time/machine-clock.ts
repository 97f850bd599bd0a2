/** The machine's monotonic clock: the same for all threads and processes until a reboot, and never set. */

/** Milliseconds since a fixed moment in the past. */
export const machineMs = (): number => Number(process.hrtime.bigint() / 1_000n) / 1_000
