/**
 * Checks that a read is complete: SQLite silently skips rows lost on a damaged page. At the end of a lane, a read compares the
 * number of rows with the lane's counter, in one transaction.
 */
import type Database from 'better-sqlite3'
import { Damage } from './sqlite-errors.js'

/** Tables whose rows a lane counts, with the counter. */
const counters = { result: 'done', dead: 'dead', lease: 'leased', retry: 'retrying' } as const

/**
 * @param from the start of the read: it has rows with higher items
 * @param rows the number of rows read
 * @throws Damage
 */
export function checkRows(db: Database.Database, lane: number, table: keyof typeof counters, from: number, rows: number): void {
  const { kept, before } = db
    .prepare<{ lane: number; from: number }, { kept: number; before: number }>(
      `SELECT ${counters[table]} AS kept, iif(@from > 0, (SELECT count(*) FROM ${table} WHERE lane = @lane AND item <= @from), 0) AS before
       FROM lane WHERE id = @lane`,
    )
    .get({ lane, from }) as { kept: number; before: number }
  if (before + rows !== kept) throw new Damage(`lane ${lane} should have ${kept} rows of ${table}, but ${before + rows} are there`)
}

/** The same for the items of a lane's dataset, in the order of their keys. @throws Damage */
export function checkItems(db: Database.Database, lane: number): void {
  const { kept, there } = db
    .prepare<{ lane: number }, { kept: number; there: number }>(
      `SELECT d.items AS kept, (SELECT count(*) FROM item INDEXED BY item_key WHERE dataset = d.id) AS there
       FROM lane l JOIN dataset d ON d.id = l.dataset WHERE l.id = @lane`,
    )
    .get({ lane }) as { kept: number; there: number }
  if (there !== kept) throw new Damage(`a dataset should have ${kept} items, but ${there} are there`)
}

/** Checks that a text is still JSON. @throws Damage */
export function checkJson(text: string, what: string): void {
  try {
    JSON.parse(text)
  } catch {
    throw new Damage(`${what} is not JSON`)
  }
}
