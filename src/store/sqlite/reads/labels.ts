/**
 * Labels of results: from the pages of codes, or, at another path than the usual one, counted by SQL, where items with the same labels
 * are one row.
 */
import type Database from 'better-sqlite3'
import { DroverError } from '../../../errors.js'
import type { EngineReply, EngineRequest } from '../../contract/engine.js'
import type { LabelReport } from '../../contract/reads.js'
import { countPatterns, type LabelPattern } from '../../label-agreement.js'
import { longestLabel } from '../../label-of.js'
import { checkJson, checkRows } from '../check-rows.js'
import { codedLabels } from './coded-labels.js'
import { checkLanes } from './paging.js'

/** The path that has codes. */
const codedPath = '$.label'

interface Group {
  dataset: string
  domain: string
  /** Of the dataset. */
  items: number
  /** JSON object of annotators by lane. */
  lanes: string
}

export function labelReads(db: Database.Database): { labels: (request: EngineRequest<'labels'>) => EngineReply<'labels'> } {
  const checkPath = db.prepare<[string]>(`SELECT json_extract('{}', ?)`)
  const selectGroups = db.prepare<{ dataset: string | null; domain: string | null }, Group>(
    `SELECT d.name AS dataset, l.domain, d.items, json_group_object(l.id, l.annotator) AS lanes FROM lane l JOIN dataset d ON d.id = l.dataset
     WHERE (@dataset IS NULL OR d.name = @dataset) AND (@domain IS NULL OR l.domain = @domain)
     GROUP BY d.id, l.domain ORDER BY d.name, l.domain`,
  )
  // The latest results of a lane do not go back beyond its floor.
  const selectFrom = db
    .prepare<{ lanes: string; items: number }, number | null>(
      `WITH floor AS MATERIALIZED (
         SELECT CAST(key AS INTEGER) AS lane, coalesce((SELECT r.item FROM result r WHERE r.lane = CAST(key AS INTEGER)
           ORDER BY r.item DESC LIMIT 1 OFFSET @items - 1), 0) AS item FROM json_each(@lanes))
       SELECT min(item) FROM (
         SELECT DISTINCT r.item FROM floor f JOIN result r ON r.lane = f.lane AND r.item >= f.item ORDER BY r.item DESC LIMIT @items)`,
    )
    .pluck()
  /** Bounds the length of a label. */
  const text = (path: string): string =>
    `CASE json_type(r.value, ${path}) WHEN 'text' THEN substr(r.value ->> ${path}, 1, ${longestLabel})
       WHEN 'null' THEN NULL ELSE substr(r.value -> ${path}, 1, ${longestLabel}) END`
  const patterns = (readable: string) =>
    db
      .prepare<{ lanes: string; from: number; path: string }, [labels: string, items: number]>(
        `SELECT labels, count(*) FROM (
           SELECT json_group_array(json_array(annotator, label) ORDER BY annotator) AS labels FROM (
             SELECT r.item, l.value AS annotator, CASE json_type(r.value) WHEN 'object' THEN ${text('@path')} ELSE ${text("'$'")} END AS label
             FROM json_each(@lanes) l JOIN result r ON r.lane = CAST(l.key AS INTEGER) AND r.item >= @from ${readable})
           WHERE label IS NOT NULL GROUP BY item)
         GROUP BY labels`,
      )
      .raw()
  const selectPatterns = patterns('')
  /** Ignores results that SQLite cannot read: those of earlier versions may be nested too deep. */
  const selectReadable = patterns('AND json_valid(r.value)')

  const selectUnreadable = db
    .prepare<{ lanes: string; from: number; path: string }, string>(
      `SELECT r.value FROM json_each(@lanes) l JOIN result r ON r.lane = CAST(l.key AS INTEGER) AND r.item >= @from
       WHERE NOT json_valid(r.value) AND @path IS NOT NULL`,
    )
    .pluck()
  const countFrom = db.prepare<[number, number], number>('SELECT count(*) FROM result WHERE lane = ? AND item >= ?').pluck()

  function patternsOf(range: { lanes: string; from: number; path: string }): [labels: string, items: number][] {
    try {
      return selectPatterns.all(range)
    } catch (error) {
      // Only after an error, because it reads every result twice.
      if ((error as Error).message !== 'malformed JSON') throw error
      for (const text of selectUnreadable.iterate(range)) checkJson(text, 'a result')
      return selectReadable.all(range)
    }
  }

  const coded = codedLabels(db)

  function report({ dataset, domain, items: all, lanes }: Group, path: string, most: number): LabelReport {
    if (path === codedPath) return { dataset, domain, ...coded(JSON.parse(lanes) as Record<string, string>, most) }
    const from = all > most ? (selectFrom.get({ lanes, items: most }) ?? 0) : 0
    for (const lane of Object.keys(JSON.parse(lanes) as object).map(Number)) {
      checkRows(db, lane, 'result', from - 1, countFrom.get(lane, from) ?? 0)
    }
    const patterns = patternsOf({ lanes, from, path }).map(
      ([labels, items]): LabelPattern => ({ labels: JSON.parse(labels) as LabelPattern['labels'], items }),
    )
    return { dataset, domain, ...countPatterns(patterns) }
  }

  function labels({ dataset, domain, path, items }: EngineRequest<'labels'>): EngineReply<'labels'> {
    try {
      checkPath.get(path)
    } catch (cause) {
      throw new DroverError('ARGUMENT_INVALID', `path must be a JSON path such as $.label, got ${JSON.stringify(path)}`, { cause })
    }
    checkLanes(db)
    return { reports: selectGroups.all({ dataset: dataset ?? null, domain: domain ?? null }).map((group) => report(group, path, items)) }
  }

  return { labels: db.transaction(labels) }
}
