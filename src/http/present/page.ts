/** Pages of lists in memory. */
import { DroverError } from '../../errors.js'

/**
 * The items that come after the one with this id, at most `limit`.
 *
 * @throws DroverError ARGUMENT_INVALID if the list has no such item
 */
export function pageAfter<Item>(
  all: readonly Item[],
  after: string | undefined,
  limit: number,
  idOf: (item: Item) => string,
): { items: Item[]; next: string | null } {
  const place = after === undefined ? -1 : all.findIndex((item) => idOf(item) === after)
  if (after !== undefined && place === -1) {
    throw new DroverError('ARGUMENT_INVALID', 'after: the place that it names is not in this list; start again without it')
  }
  const items = all.slice(place + 1, place + 1 + limit)
  const last = items.at(-1)
  return { items, next: last !== undefined && place + 1 + limit < all.length ? idOf(last) : null }
}
