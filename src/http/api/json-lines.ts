/** Rows as JSON lines, made only as fast as they are read. A client that goes away ends the reading. */
import type { Context } from 'hono'
import type { Env } from '../base/request-env.js'

/** Lines go out in pieces of about so many characters. */
const pieceLength = 65_536

/** A result of an earlier version may be nested too deep to be made into JSON: the others come all the same. */
export function asJson<Row extends object>(row: Row): [row: Row, text: string] {
  try {
    return [row, JSON.stringify(row)]
  } catch {
    const shown = { ...row, value: 'nested too deep to be shown: export it' }
    return [shown, JSON.stringify(shown)]
  }
}

/**
 * The first row is read before anything is answered, so that what cannot be read at all gets its proper status; what fails later breaks
 * the connection off.
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
