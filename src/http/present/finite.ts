/** A number for JSON: null instead of infinity. */
export const finite = (number: number): number | null => (Number.isFinite(number) ? number : null)
