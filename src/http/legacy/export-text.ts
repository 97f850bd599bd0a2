/** Annotations as JSON lines, as a JSON array, and as CSV (RFC 4180). */
import type { Annotation } from './annotations.js'

type Rows = AsyncGenerator<Annotation, void, void>
type Pieces = AsyncGenerator<string, void, void>

/** The columns of tables. */
export const columns = [
  'id',
  'annotator_id',
  'domain',
  'text',
  'response',
  'label',
  'malformed',
  'timestamp',
  'dataset',
  'attempt',
  'worker',
  'error',
] as const satisfies readonly (keyof Annotation)[]

export async function* jsonLines(rows: Rows): Pieces {
  for await (const row of rows) yield `${JSON.stringify(row)}\n`
}

export async function* jsonArray(rows: Rows): Pieces {
  let before = '['
  for await (const row of rows) {
    yield before + JSON.stringify(row)
    before = ',\n'
  }
  yield before === '[' ? '[]' : ']'
}

export async function* csv(rows: Rows): Pieces {
  yield `${columns.join()}\r\n`
  for await (const row of rows) yield `${columns.map((column) => cell(row[column])).join()}\r\n`
}

function cell(value: Annotation[keyof Annotation]): string {
  const text = harmless(value === null ? '' : String(value))
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** A spreadsheet would run a text that begins like a formula; numbers may stay. */
function harmless(text: string): string {
  return /^[\t\r\n ]*[=+\-@\t\r]/.test(text) && !/^[+-]?\d+(\.\d+)?$/.test(text) ? `'${text}` : text
}
