/** Rows as JSON lines, produced only as fast as they are read. A client that leaves ends the reading. */
import type { Context } from 'hono'
import type { Env } from '../base/request-env.js'

/** Approximate length of a piece, in characters. */
const pieceLength = 65_536

/** A result of an earlier version may be nested too deep for JSON; it is replaced by a note, and the others are sent. */
export function asJson<Row extends object>(row: Row): [row: Row, text: string] {
  try {
    return [row, JSON.stringify(row)]
  } catch {
    const shown = { ...row, value: 'nested too deep to be shown: export it' }
    return [shown, JSON.stringify(shown)]
  }
}

/**
 * The first row is read before the answer begins, so that an early failure gets its proper status; a later failure aborts the
 * connection.
 */
export async function jsonLines(
  c: Context<Env>,
  rows: AsyncGenerator<object, void, void>,
  status: 200 | 206,
  headers: Record<string, string>,
): Promise<Response> {
  let row = await rows.next()
  const head = { ...headers, 'content-type': 'application/jsonl; charset=utf-8', 'cache-control': 'no-store' }
  if (c.req.method === 'HEAD') {
    await rows.return()
    return c.body(null, status, head)
  }
  const encoder = new TextEncoder()
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        let piece = ''
        for (; !row.done && piece.length < pieceLength; row = await rows.next()) piece += `${asJson(row.value)[1]}\n`
        if (piece !== '') controller.enqueue(encoder.encode(piece))
        if (row.done) controller.close()
      },
      async cancel() {
        await rows.return()
      },
    },
    // Nothing is made before it is asked for.
    { highWaterMark: 0 },
  )
  return c.body(stream, status, head)
}
