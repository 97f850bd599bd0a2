// @ts-check
/** The one form of label that all sentiment annotators give, so that they can be compared. */

/** @typedef {import('drover/worker').Task<import('./reviews.js').Review>} ReviewTask */

/**
 * @param {number} score below 0 negative, above 0 positive
 * @returns {{ label: 'positive' | 'negative' | 'neutral', score: number }}
 */
export function toLabel(score) {
  return { label: score > 0 ? 'positive' : score < 0 ? 'negative' : 'neutral', score }
}
