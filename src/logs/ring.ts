/** The latest log records in memory. */

import { levelRank, type RecordLevel, recordLevels } from '../log-levels.js'
import { checkId, checkName, checkOneOf, wholeNumber } from '../validation/arguments.js'
import { checkFilter } from '../validation/filters.js'
import { type KeptRecord, type LogRecord, openRecord } from './record.js'

/** A query of the latest log records; all given parts must match. */
export interface RecentLogs {
  /** This level and more severe ones. */
  level?: RecordLevel
  /** `worker`, `system` or `store`. */
  part?: string
  annotator?: string | number
  domain?: string
  /** Only records with a higher `seq`. */
  after?: number
  /** The most records, the latest ones. At least 1. */
  limit: number
}

/** @throws DroverError ARGUMENT_INVALID */
export function checkLogQuery(query: RecentLogs): RecentLogs & { annotator?: string } {
  checkFilter('the query', query, ['level', 'part', 'annotator', 'domain', 'after', 'limit'])
  const { level, part, annotator, domain, after, limit } = query
  return {
    ...(level !== undefined && { level: checkOneOf('level', recordLevels, level) }),
    ...(part !== undefined && { part: checkName('part', part) }),
    ...(annotator !== undefined && { annotator: checkId('annotator', annotator) }),
    ...(domain !== undefined && { domain: checkName('domain', domain) }),
    ...(after !== undefined && { after: wholeNumber('after', after, 0, Number.MAX_SAFE_INTEGER) }),
    limit: wholeNumber('limit', limit, 1, Number.MAX_SAFE_INTEGER),
  }
}

/** Keeps the latest `capacity` records. */
export class LogRing {
  readonly #capacity: number
  readonly #records: KeptRecord[] = []
  /** Index of the oldest record, which the next one replaces once the ring is full. */
  #next = 0

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  add(record: KeptRecord): void {
    this.#records[this.#next] = record
    this.#next = (this.#next + 1) % this.#capacity
  }

  /** The latest records that match, oldest first. */
  recent({ level = 'debug', part, annotator, domain, after = 0, limit }: RecentLogs): LogRecord[] {
    const found: LogRecord[] = []
    const size = this.#records.length
    for (let back = 1; back <= size && found.length < limit; back++) {
      const record = this.#records[(this.#next - back + size) % size]
      if (!record || record.seq <= after) break
      if (levelRank[record.level] > levelRank[level]) continue
      if (part !== undefined && record.part !== part) continue
      if (annotator !== undefined && record.annotator !== annotator) continue
      if (domain !== undefined && record.domain !== domain) continue
      found.push(openRecord(record))
    }
    return found.reverse()
  }
}
