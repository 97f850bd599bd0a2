/** Reads values of unknown form: a value of another form gives null, and nothing throws. */

/** The value if it is an object and not a list, or null. */
export function asRecord(value: unknown): Record<string, unknown> | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null
}

export function asText(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

/**
 * A count, as a number or as a text (`'250000'`); null for other values: Azure answers -1 if it does not know
 * (https://github.com/openai/openai-dotnet/issues/838).
 */
export function asCount(value: unknown): number | null {
  const number = typeof value === 'string' && /^\d+$/.test(value.trim()) ? Number(value) : value
  return Number.isSafeInteger(number) && (number as number) >= 0 ? (number as number) : null
}
