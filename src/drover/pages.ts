/** Reads rows that the store returns in pages. */

/** All rows, page after page; the next page is read when the last one is used up. */
export async function* pages<Row>(
  read: (after: string | null) => Promise<{ rows: Row[]; next: string | null }>,
): AsyncGenerator<Row, void, void> {
  let after: string | null = null
  do {
    const page: { rows: Row[]; next: string | null } = await read(after)
    yield* page.rows
    after = page.next
  } while (after !== null)
}
