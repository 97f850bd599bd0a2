/** Starts of threads and processes one at a turn of the event loop, so that hundreds that are due at once do not keep everything else waiting. */
let latest: Promise<void> = Promise.resolve()

/** Settles when it is the caller's turn, in the order of asking. */
export function spawnTurn(): Promise<void> {
  latest = latest.then(() => new Promise((resolve) => setImmediate(resolve)))
  return latest
}
