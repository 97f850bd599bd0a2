/** The machine's monotonic clock: the same for all threads and processes until a reboot, and nobody sets it. */

/** Milliseconds since some moment before. */
export const machineMs = (): number => Number(process.hrtime.bigint() / 1_000n) / 1_000
