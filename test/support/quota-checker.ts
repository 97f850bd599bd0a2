/**
 * Judges what a provider would have counted, from the calls alone: knows nothing of how drover grants, so that the two cannot be wrong in the same
 * way.
 */

/** A call as the provider sees it. */
export interface ProviderCall {
  /** Ms on the machine's monotonic clock. */
  at: number
  /** How much it takes of what is limited. */
  amount: number
}

/** A limit as a provider states it. */
export interface ProviderLimit {
  limit: number
  /** Ms. */
  per: number
  /** Size of a token bucket that fills at `limit` in `per`; null: no span of `per` holds more than the limit. */
  burst: number | null
}

/** When everybody was asking, as fast as it was granted. */
export interface BusySpan {
  from: number
  until: number
}

/** What is more than the limit by no more than that is more by rounding only. */
const rounding = 1e-6

/** The calls that a provider would refuse, each with by how much it is over. */
export function refusals(calls: readonly ProviderCall[], limit: ProviderLimit): { at: number; over: number }[] {
  const inOrder = [...calls].sort((a, b) => a.at - b.at)
  return limit.burst === null ? overWindow(inOrder, limit) : overBucket(inOrder, limit, limit.burst)
}

/** Calls that end a span of the window's length with more than the limit in it. */
function overWindow(calls: readonly ProviderCall[], { limit, per }: ProviderLimit): { at: number; over: number }[] {
  const found: { at: number; over: number }[] = []
  let first = 0
  let within = 0
  for (const { at, amount } of calls) {
    within += amount
    for (; (calls[first] as ProviderCall).at <= at - per; first++) within -= (calls[first] as ProviderCall).amount
    if (within > limit + rounding) found.push({ at, over: within - limit })
  }
  return found
}

/** Calls for which a bucket that was full at the first of them holds too little; they are counted all the same. */
function overBucket(calls: readonly ProviderCall[], { limit, per }: ProviderLimit, burst: number): { at: number; over: number }[] {
  const found: { at: number; over: number }[] = []
  let level = burst
  let last = calls[0]?.at ?? 0
  for (const { at, amount } of calls) {
    level = Math.min(burst, level + ((at - last) * limit) / per) - amount
    last = at
    if (level < -rounding) found.push({ at, over: -level })
  }
  return found
}

/** What a perfect client could have taken in those spans, in order, at most. */
export function mostPossible(spans: readonly BusySpan[], limits: readonly ProviderLimit[]): number {
  return Math.min(
    ...limits.map(({ limit, per, burst }) => {
      if (burst === null) return spans.reduce((sum, { from, until }) => sum + limit * Math.ceil((until - from) / per), 0)
      let taken = 0
      let level = burst
      let last = spans[0]?.from ?? 0
      for (const { from, until } of spans) {
        taken += Math.min(burst, level + ((from - last) * limit) / per) + ((until - from) * limit) / per
        level = 0
        last = until
      }
      return taken
    }),
  )
}
