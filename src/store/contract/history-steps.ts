/** The steps of the history of work, in ms: by the minute for an hour, then ten minutes, for a day in all. */
export const historySteps = { short: 60_000, shortFor: 3_600_000, long: 600_000, keptFor: 86_400_000 } as const
