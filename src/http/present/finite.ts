/** A number that JSON can tell: null in place of infinity. */
export const finite = (number: number): number | null => (Number.isFinite(number) ? number : null)
