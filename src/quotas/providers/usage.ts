/**
 * Reads a call's usage in the form of OpenAI's chat completions (`prompt_tokens`) and responses API (`input_tokens`), also of
 * compatible providers.
 */

import type { Amounts } from '../../store/contract/quotas.js'
import { asCount, asRecord } from '../../values/fields.js'

/** The largest credible amount of a call: a larger one is a mistake that would spend a budget for good. */
const mostUsed = 1e9

/** The known and credible amounts; null if there are none. */
export function amounts(units: Record<string, number | null>): Amounts | null {
  const known = Object.entries(units).filter((entry): entry is [string, number] => entry[1] !== null && entry[1] <= mostUsed)
  return known.length > 0 ? Object.fromEntries(known) : null
}

/** The sum of the known counts; null if there are none. */
export function total(...counts: (number | null)[]): number | null {
  const known = counts.filter((count) => count !== null)
  return known.length > 0 ? asCount(known.reduce((sum, count) => sum + count, 0)) : null
}

/** @param cachedCounts whether tokens that came from the provider's cache count against its limits */
export function usageOf(body: Record<string, unknown> | null, cachedCounts = true): Amounts | null {
  const usage = asRecord(body?.usage)
  if (!usage) return null
  const details = asRecord(usage.prompt_tokens_details) ?? asRecord(usage.input_tokens_details)
  const cached = cachedCounts ? 0 : (asCount(details?.cached_tokens) ?? 0)
  const inputTokens = asCount(usage.prompt_tokens) ?? asCount(usage.input_tokens)
  const outputTokens = asCount(usage.completion_tokens) ?? asCount(usage.output_tokens)
  const tokens = asCount(usage.total_tokens) ?? total(inputTokens, outputTokens)
  return amounts({ inputTokens: without(inputTokens, cached), outputTokens, tokens: without(tokens, cached) })
}

function without(count: number | null, part: number): number | null {
  return count === null ? null : Math.max(0, count - part)
}
