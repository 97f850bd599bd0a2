/** The bounds of what users give, each once: options, calls and the API of the status server take the same. */

/** Characters of a name: of a worker, a dataset, a domain, a quota. */
export const longestName = 200

/** Characters of an item's key. */
export const longestKey = 512

/** Timers of Node.js overflow beyond this, and fire at once. */
export const longestTimerMs = 2 ** 31 - 1

/** The longest CPU profile: ten minutes. */
export const longestProfileMs = 600_000
