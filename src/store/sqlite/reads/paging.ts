/** Common parts of paged reads: lanes of a filter, size of a page, and positions. */
import type Database from 'better-sqlite3'
import { DroverError } from '../../../errors.js'
import type { LaneFilter } from '../../contract/registry.js'
import { Damage, found } from '../sqlite-errors.js'

/** The most rows of a page: a page is in memory at once, several times while it is sent. */
const longestPage = 10_000
/** The most characters of a page. A single longer row is a page of its own. */
const longestPageChars = 4_000_000

/** The position of a page's end in the order (lane, item). */
export interface Position {
  lane: number
  item: number
}

export interface LaneNames {
  id: number
  dataset: string
  annotator: string
  domain: string
}

/**
 * Checks that no lane or dataset is lost: a table and its index are two records of them, and priorities count a dataset's items
 * separately.
 *
 * @throws Damage
 */
export function checkLanes(db: Database.Database): void {
  // Each difference by itself: a lost dataset is one row less, and leaves a lane without its dataset.
  const { lanes, datasets, alone, miscounted } = db
    .prepare<[], Record<'lanes' | 'datasets' | 'alone' | 'miscounted', number>>(
      `SELECT (SELECT count(*) FROM lane NOT INDEXED) - (SELECT count(*) FROM lane INDEXED BY sqlite_autoindex_lane_1) AS lanes,
         (SELECT count(*) FROM dataset NOT INDEXED) - (SELECT count(*) FROM dataset INDEXED BY sqlite_autoindex_dataset_1) AS datasets,
         (SELECT count(*) FROM lane WHERE dataset NOT IN (SELECT id FROM dataset)) AS alone,
         (SELECT count(*) FROM dataset d WHERE items <> (SELECT coalesce(sum(items), 0) FROM level WHERE dataset = d.id)) AS miscounted`,
    )
    .get() as Record<'lanes' | 'datasets' | 'alone' | 'miscounted', number>
  const lost = Math.abs(lanes) + Math.abs(datasets) + alone + miscounted
  if (lost > 0) throw new Damage(`${lost} lanes or datasets are missing, or have other counts than their parts`)
}

/**
 * A page of the lanes of a filter. The first and the last page also check that no lane is lost; this costs more than a short
 * page, and a full read always reaches the last one.
 *
 * @throws Damage
 */
export function pageOf<P extends { next: string | null }>(
  db: Database.Database,
  { filter, after }: { filter: LaneFilter; after: string | null },
  read: (lanes: LaneNames[]) => P,
): P {
  if (after === null) checkLanes(db)
  const page = read(lanesMatching(db, filter))
  if (after !== null && page.next === null) checkLanes(db)
  return page
}

/** The lanes of a filter, in the order of their ids. `worker`: the lane that worker is declared with. */
export function lanesMatching(db: Database.Database, filter: LaneFilter): LaneNames[] {
  const lanes = db
    .prepare<[Record<keyof LaneFilter, string | null>], LaneNames>(
      `SELECT l.id, d.name AS dataset, l.annotator, l.domain FROM lane l LEFT JOIN dataset d ON d.id = l.dataset
       WHERE (@dataset IS NULL OR d.name IS NULL OR d.name = @dataset) AND (@annotator IS NULL OR l.annotator = @annotator)
         AND (@domain IS NULL OR l.domain = @domain)
         AND (@worker IS NULL OR l.id = (SELECT w.lane FROM worker w WHERE ${isWorker('w.name')} ORDER BY w.since DESC, w.id DESC LIMIT 1)) ORDER BY l.id`,
    )
    .all(allOf(filter))
  for (const { id, dataset } of lanes) found(dataset, `the dataset of lane ${id}`)
  return lanes
}

/** Whether a name is that of `@worker`, or of one of its instances: `a/x#1` of `a/x`. */
export function isWorker(column: string): string {
  return `(${column} = @worker OR (${column} > @worker || '#' AND ${column} < @worker || '$'))`
}

export function allOf({ dataset, annotator, domain, worker }: LaneFilter): Record<keyof LaneFilter, string | null> {
  return { dataset: dataset ?? null, annotator: annotator ?? null, domain: domain ?? null, worker: worker ?? null }
}

export function named({ dataset, annotator, domain }: LaneNames): Omit<LaneNames, 'id'> {
  return { dataset, annotator, domain }
}

export function pageSize(limit: number): number {
  if (!Number.isInteger(limit) || limit < 1) {
    throw new DroverError('ARGUMENT_INVALID', `a page needs a limit of at least 1, not ${limit}`, { details: { limit } })
  }
  return Math.min(limit, longestPage)
}

/** The room of a page. */
export class Room {
  #rows: number
  #chars = longestPageChars

  constructor(limit: number) {
    this.#rows = pageSize(limit)
  }

  /** The most further rows. */
  get rows(): number {
    return this.#rows
  }

  get isFull(): boolean {
    return this.#rows <= 0 || this.#chars <= 0
  }

  /** @param row the unparsed row */
  take(row: object): void {
    this.#rows--
    for (const value of Object.values(row)) if (typeof value === 'string') this.#chars -= value.length
  }

  /** Takes rows until the page is full. */
  fill<Row extends object>(rows: Iterable<Row>): Row[] {
    const taken: Row[] = []
    for (const row of rows) {
      taken.push(row)
      this.take(row)
      if (this.isFull) break
    }
    return taken
  }
}

export function positionOf(after: string | null): Position {
  if (after === null) return { lane: 0, item: 0 }
  const [lane = '', item = ''] = after.split('.')
  return { lane: numberOf(lane, after), item: numberOf(item, after) }
}

export function numberOf(text: string, after: string | null): number {
  const number = Number(text)
  if (text !== '' && Number.isInteger(number)) return number
  throw new DroverError('ARGUMENT_INVALID', `"${after}" is not next of an earlier page`, { details: { after } })
}
