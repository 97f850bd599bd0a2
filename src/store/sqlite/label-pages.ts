/**
 * The labels of a lane in pages of 512 items, two bytes for each: the code of its label. So labels and their agreement are counted
 * without reading results, and many results of an exchange change one page.
 */
import type Database from 'better-sqlite3'
import { labelOf } from '../label-of.js'

/** Items of a page. */
export const pageItems = 512

/** The codes of an item without a result, of a result without a label, and of one whose label has no code. */
export const noResult = 0
export const noLabel = 1
export const uncoded = 0xff_ff

/** The most labels with a code; of the others only the result knows. */
const mostCodes = 10_000

export type LabelPages = ReturnType<typeof labelPages>

export function labelPages({ db }: { db: Database.Database }) {
  const selectCode = db.prepare<[string], number>('SELECT id FROM label WHERE text = ?').pluck()
  const insertLabel = db
    .prepare<[string], number>(
      `INSERT INTO label (id, text) SELECT coalesce(max(id), ${noLabel}) + 1, ? FROM label
       HAVING coalesce(max(id), 0) <= ${mostCodes} RETURNING id`,
    )
    .pluck()
  const selectPage = db.prepare<[number, number], Buffer>('SELECT codes FROM label_page WHERE lane = ? AND page = ?').pluck()
  const upsertPage = db.prepare<[number, number, Buffer]>(
    'INSERT INTO label_page (lane, page, codes) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET codes = excluded.codes',
  )

  function codeOf(label: string): number {
    return selectCode.get(label) ?? insertLabel.get(label) ?? uncoded
  }

  /** Writes the codes of items, each page once while items are in order. */
  function write(lane: number, items: readonly number[], codeAt: (index: number) => number): void {
    let page = -1
    let codes: Buffer | null = null
    const close = (): unknown => codes && upsertPage.run(lane, page, codes)
    for (const [index, item] of items.entries()) {
      const own = Math.floor(item / pageItems)
      if (!codes || own !== page) {
        close()
        page = own
        codes = selectPage.get(lane, page) ?? Buffer.alloc(2 * pageItems)
      }
      codes.writeUInt16LE(codeAt(index), 2 * (item % pageItems))
    }
    close()
  }

  return {
    /** Results were stored, as JSON texts. */
    note(lane: number, items: readonly number[], values: readonly string[]): void {
      const codes = new Map<string | null, number>([[null, noLabel]])
      write(lane, items, (index) => {
        const label = labelOf(values[index] as string)
        const known = codes.get(label)
        if (known !== undefined) return known
        const code = codeOf(label as string)
        codes.set(label, code)
        return code
      })
    },

    /** Results are gone. */
    forget(lane: number, items: readonly number[]): void {
      write(lane, items, () => noResult)
    },
  }
}

/** The codes of a page, by the place of an item in it. */
export function codeIn(codes: Uint8Array, place: number): number {
  return (codes[2 * place] as number) | ((codes[2 * place + 1] as number) << 8)
}

/** Results in a page. */
export function filledIn(codes: Uint8Array): number {
  let filled = 0
  for (let place = 0; place < pageItems; place++) if (codeIn(codes, place) !== noResult) filled++
  return filled
}

/** Items of a page at a time, while a store of an earlier version is migrated. */
export function fillLabelPages(db: Database.Database): void {
  const { note } = labelPages({ db })
  const lanes = db.prepare<[], number>('SELECT id FROM lane').pluck().all()
  const select = db
    .prepare<[number, number], [item: number, value: string]>(
      `SELECT item, value FROM result WHERE lane = ? AND item > ? ORDER BY item LIMIT ${pageItems}`,
    )
    .raw()
  for (const lane of lanes) {
    for (let rows = select.all(lane, 0); rows.length > 0; rows = select.all(lane, rows.at(-1)?.[0] ?? 0)) {
      note(
        lane,
        rows.map(([item]) => item),
        rows.map(([, value]) => value),
      )
    }
  }
}
