/** Rows as a file, made only as fast as it is read. A client that leaves ends the reading. */
import type { Context } from 'hono'
import type { Env } from './request-env.js'

/** Approximate length of a piece, in bytes. */
const pieceLength = 65_536

/**
 * The first row is read before the answer begins, so that an early failure gets its proper status; a later failure aborts the
 * connection.
 *
 * @param fileOf makes the file of the rows, piece by piece
 */
export async function streamed<Row>(
  c: Context<Env>,
  rows: AsyncGenerator<Row, void, void>,
  fileOf: (rows: AsyncGenerator<Row, void, void>) => AsyncGenerator<string | Uint8Array, void, void>,
  status: 200 | 206,
  headers: Record<string, string>,
): Promise<Response> {
  const first = await rows.next()
  const head = { ...headers, 'cache-control': 'no-store' }
  if (c.req.method === 'HEAD') {
    await rows.return()
    return c.body(null, status, head)
  }
  const pieces = fileOf(beginningWith(first, rows))
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const made: Uint8Array[] = []
        let next = await pieces.next()
        for (let length = 0; !next.done; next = await pieces.next()) {
          const piece = typeof next.value === 'string' ? Buffer.from(next.value) : next.value
          made.push(piece)
          length += piece.length
          if (length >= pieceLength) break
        }
        if (made.length > 0) controller.enqueue(Buffer.concat(made))
        if (next.done) controller.close()
      },
      async cancel() {
        await pieces.return()
        // It was not begun if nothing was asked for.
        await rows.return()
      },
    },
    // Nothing is made before it is asked for.
    { highWaterMark: 0 },
  )
  return c.body(stream, status, head)
}

async function* beginningWith<Row>(
  first: IteratorResult<Row, void>,
  rows: AsyncGenerator<Row, void, void>,
): AsyncGenerator<Row, void, void> {
  try {
    for (let row = first; !row.done; row = await rows.next()) yield row.value
  } finally {
    await rows.return()
  }
}
