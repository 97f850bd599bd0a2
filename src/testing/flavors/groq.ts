/** Groq's: OpenAI's names, but those of requests are of the day. @see https://console.groq.com/docs/rate-limits */
import { type Flavor, waitOf } from './flavor.js'
import { longest, openaiFlavor, rateHeaders, rateLimited, shortest } from './openai.js'

export const groqFlavor: Flavor = {
  ...openaiFlavor,
  headers: (standings, requestId) => ({ ...rateHeaders(longest(standings, true), shortest(standings, false)), 'x-request-id': requestId }),
  refused(refused) {
    const reply = rateLimited(refused, rateHeaders(longest(refused.standings, true), shortest(refused.standings, false)), false)
    // What could never be admitted is no matter of rate.
    return waitOf(refused.refusals[0]) === null ? { ...reply, status: 413 } : reply
  },
}
