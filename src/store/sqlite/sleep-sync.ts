const asleep = new Int32Array(new SharedArrayBuffer(4))

/** Blocks the thread for `ms`. SQLite's own naps grow to 100 ms, and some locks it does not wait for at all. */
export function sleepSync(ms: number): void {
  Atomics.wait(asleep, 0, 0, ms)
}
