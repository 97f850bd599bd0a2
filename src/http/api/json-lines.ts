/** Rows as JSON lines. */
import type { Context } from 'hono'
import type { Env } from '../base/request-env.js'
import { streamed } from '../base/streamed.js'

/** A result of an earlier version may be nested too deep for JSON; it is replaced by a note, and the others are sent. */
export function asJson<Row extends object>(row: Row): [row: Row, text: string] {
  try {
    return [row, JSON.stringify(row)]
  } catch {
    const shown = { ...row, value: 'nested too deep to be shown: export it' }
    return [shown, JSON.stringify(shown)]
  }
}

async function* lines(rows: AsyncGenerator<object, void, void>): AsyncGenerator<string, void, void> {
  for await (const row of rows) yield `${asJson(row)[1]}\n`
}

export function jsonLines(
  c: Context<Env>,
  rows: AsyncGenerator<object, void, void>,
  status: 200 | 206,
  headers: Record<string, string>,
): Promise<Response> {
  return streamed(c, rows, lines, status, { ...headers, 'content-type': 'application/jsonl; charset=utf-8' })
}
