/** The events of limits, from the records: for changed limits and for the check of limits. */
import type { Limiter } from './limiter.js'
import type { CompiledLimits, Counts } from './limits.js'
import { correctionOf, countedBy, type RequestRecord } from './records.js'

export type LimitEvent = { at: number; order: number; record: RequestRecord } & (
  | { kind: 'admitted'; counts: Counts }
  /** By a limit; counts where refused requests do. */
  | { kind: 'refused' }
  /** The request ended; `counts` corrects the counted amounts. */
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

/** The owner of the limits of the record's key: the key or its project. */
export function ownerOf({ scope }: CompiledLimits, { key, project }: Pick<RequestRecord, 'key' | 'project'>): string {
  return scope === 'project' ? project : key
}

/** Brings a limiter to the state after all records. */
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
