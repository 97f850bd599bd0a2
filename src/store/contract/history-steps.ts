/** The steps of the history of work. */

/** The shortest step, and how long it is kept. */
export const historyStepMs = 60_000
const shortHistoryMs = 60 * historyStepMs

/** In short steps: older rows are added up to this. */
export const longStep = 10

/** How long rows are kept. */
export const keptHistoryMs = 24 * shortHistoryMs
