// @ts-check
/** How far annotators agree, and what their agreement is worth. */

/**
 * Fleiss' kappa: agreement of any number of raters beyond what chance would give; 1 is perfect, 0 is chance.
 *
 * @param {readonly (readonly string[])[]} items for each item the ratings it got, as many for each
 * @returns {number} NaN if there is nothing to agree on: no items, one rater, or one category only
 * @see Fleiss, J. L. (1971), Measuring nominal scale agreement among many raters
 * @example
 * fleissKappa([['spam', 'spam'], ['ham', 'ham'], ['spam', 'ham']]) // 0.333
 */
export function fleissKappa(items) {
  const raters = items[0]?.length ?? 0
  if (items.some((ratings) => ratings.length !== raters)) throw new TypeError('each item must have the same number of ratings')
  /** @type {Map<string, number>} */
  const totals = new Map()
  let agreement = 0
  for (const ratings of items) {
    /** @type {Map<string, number>} */
    const counts = new Map()
    for (const rating of ratings) counts.set(rating, (counts.get(rating) ?? 0) + 1)
    let pairs = 0
    for (const [rating, count] of counts) {
      pairs += count * (count - 1)
      totals.set(rating, (totals.get(rating) ?? 0) + count)
    }
    agreement += pairs / (raters * (raters - 1))
  }
  const observed = agreement / items.length
  const byChance = [...totals.values()].reduce((sum, count) => sum + (count / (items.length * raters)) ** 2, 0)
  return (observed - byChance) / (1 - byChance)
}

/**
 * Items on which all raters agree, and how often they are right there.
 *
 * @param {readonly { ratings: readonly string[], gold: string }[]} items
 * @param {string} [undecided] the rating that takes no side; agreement on it does not count
 * @returns {{ share: number, right: number }} both from 0 to 1; `right` is of the unanimous ones
 */
export function unanimity(items, undecided) {
  const unanimous = items.filter(({ ratings }) => new Set(ratings).size === 1 && ratings[0] !== undecided)
  const right = unanimous.filter(({ ratings, gold }) => ratings[0] === gold)
  return { share: unanimous.length / items.length, right: right.length / unanimous.length }
}
