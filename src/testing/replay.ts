/** What happened to the limits, read back from the records: for limits that are changed, and for those who check them. */
import type { Limiter } from './limiter.js'
import { correctionOf, countedBy, type RequestRecord } from './records.js'
import type { CompiledLimits, Counts } from './rules.js'

export type LimitEvent = { at: number; order: number; record: RequestRecord } & (
  | { kind: 'admitted'; counts: Counts }
  /** By a limit; counts where refused requests do. */
  | { kind: 'refused' }
  /** It is over, and took so much more, or less, than was counted. */
  | { kind: 'ended'; counts: Counts }
)

/** All events in the order in which they happened. */
export function eventsOf(records: Iterable<RequestRecord>): LimitEvent[] {
  const events: LimitEvent[] = []
  for (const record of records) {
    const { at, endedAt, order } = record
    if (record.admitted) {
      events.push({ kind: 'admitted', at, order: order.arrived, record, counts: countedBy(record) })
      if (endedAt === null || order.ended === null) continue
      events.push({ kind: 'ended', at: endedAt, order: order.ended, record, counts: correctionOf(record) })
    } else if (record.limit !== null) {
      events.push({ kind: 'refused', at, order: order.arrived, record })
    }
  }
  return events.sort((a, b) => a.order - b.order)
}

/** Who shares limits with the record's key: itself, or its project. */
export function ownerOf({ scope }: CompiledLimits, { key, project }: Pick<RequestRecord, 'key' | 'project'>): string {
  return scope === 'project' ? project : key
}

/** Brings a limiter to where it would be if it had been there from the start. */
export function replay(limiter: Limiter, records: Iterable<RequestRecord>): void {
  for (const { at, record, ...event } of eventsOf(records)) {
    const owner = ownerOf(limiter.limits, record)
    if (event.kind === 'admitted') {
      limiter.take(owner, event.counts, at)
      limiter.changeInFlight(owner, 1)
    } else if (event.kind === 'ended') {
      limiter.correct(owner, record.at, event.counts, at)
      limiter.changeInFlight(owner, -1)
    } else if (limiter.limits.countsFailures) {
      limiter.takeFailure(owner, at)
    }
  }
}
