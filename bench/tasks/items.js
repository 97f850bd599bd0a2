// @ts-check
/** Items and labels for every contender: the same data, about so many bytes each as JSON, and the same trivial work. */

/** @returns {Generator<{ id: string, n: number, text: string }, void, void>} */
export function* makeItems(/** @type {number} */ count, /** @type {number} */ bytes) {
  for (let n = 0; n < count; n++) {
    const id = `item-${n}`
    const bare = JSON.stringify({ id, n, text: '' }).length
    yield { id, n, text: 'x'.repeat(Math.max(0, bytes - bare)) }
  }
}

/** The trivial work, on JSON texts. */
export function labelOf(/** @type {string} */ data) {
  return JSON.stringify({ n: JSON.parse(data).n })
}
