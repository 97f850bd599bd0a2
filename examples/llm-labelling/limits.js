// @ts-check
/**
 * The limits of five API keys, as the provider enforces them and as drover is told of them. They are the same limits: 15 requests a minute,
 * 5 of them at once, and 1,500 a day. Time runs faster here, so that a run of half an hour is over in half a minute.
 */

/**
 * So many ms pass at the provider in one of ours. Against a real provider there is no such number, and drover is told
 * `{ limit: 15, per: 'minute', burst: 5 }` and `{ limit: 1_500, per: 'day', timeZone: 'America/Los_Angeles' }`.
 */
export const speed = 60

/** Eight in the morning where the provider's day begins at midnight: a run ends long before the next day. */
export const start = Date.UTC(2025, 0, 15, 16)

const timeZone = 'America/Los_Angeles'

/** By the name of its quota. */
export const apiKeys = Object.fromEntries([1, 2, 3, 4, 5].map((number) => [`key-${number}`, `sk-example-000${number}`]))

/** @satisfies {import('drover/testing').ProviderLimits} */
export const providerLimits = {
  requests: [
    { limit: 15, per: 'minute', kind: 'bucket', burst: 5 },
    { limit: 1_500, per: 'day', timeZone },
  ],
}

/** @satisfies {import('drover').QuotaOptions} */
const quota = {
  // One call of a key at a time: a call that is late on a busy machine, or on its first connection, then never comes together with the next.
  // An answer takes less than the four seconds in which the next request runs in; where it takes longer, this would slow the key down.
  concurrency: 1,
  requests: [
    { limit: 15, per: 60_000 / speed, burst: 5 },
    { limit: 1_500, per: 86_400_000 / speed },
  ],
}

export const quotas = Object.fromEntries(Object.keys(apiKeys).map((name) => [name, quota]))
