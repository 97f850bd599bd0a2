/**
 * Checks the provider itself: counts from the records whether more was admitted than a limit allows. It shares no code with the
 * meters that decide.
 */
import { periodOf } from '../time/calendar.js'
import { type CompiledLimits, concurrencyLabel, type Rule } from './limits.js'
import type { RequestRecord } from './records.js'
import { eventsOf, type LimitEvent, ownerOf } from './replay.js'

/** A request that should not have been admitted. */
export interface Violation {
  /** The limit's name, such as `requests/minute`. */
  limit: string
  /** The key, or the project where keys share limits. */
  owner: string
  at: number
  /** What was used with it. */
  used: number
  allowed: number
}

/** Limits with the event from which they applied. */
export interface Epoch {
  from: number
  limits: CompiledLimits
}

/** A smaller difference is only rounding. */
const rounding = 1e-4

/** Every request that was admitted against a limit in force at that time. */
export function findViolations(records: Iterable<RequestRecord>, epochs: readonly Epoch[]): Violation[] {
  const events = eventsOf(records)
  return epochs.flatMap(({ from, limits }, index) => {
    const to = epochs[index + 1]?.from ?? Number.POSITIVE_INFINITY
    const byOwner = new Map<string, LimitEvent[]>()
    for (const event of events) {
      const owner = ownerOf(limits, event.record)
      const own = byOwner.get(owner)
      if (own) own.push(event)
      else byOwner.set(owner, [event])
    }
    return [...byOwner].flatMap(([owner, own]) => {
      const found: Violation[] = []
      const report = (event: LimitEvent, limit: string, used: number, allowed: number): void => {
        if (used > allowed + rounding && event.order >= from && event.order < to) found.push({ limit, owner, at: event.at, used, allowed })
      }
      for (const rule of limits.rules) {
        const uses = rule.kind === 'bucket' ? bucketUses(own, rule, limits) : windowUses(own, rule, limits)
        const allowed = rule.kind === 'bucket' ? rule.size : rule.limit
        for (const [event, used] of uses) report(event, rule.label, used, allowed)
      }
      for (const [event, used] of concurrentUses(own)) report(event, concurrencyLabel, used, limits.concurrency)
      return found
    })
  })
}

type Use = [event: LimitEvent, used: number]

/** With each admission what its window then holds. */
function* windowUses(events: readonly LimitEvent[], rule: Exclude<Rule, { kind: 'bucket' }>, limits: CompiledLimits): Generator<Use> {
  const counted: { at: number; amount: number }[] = []
  const correctable = new Map<RequestRecord, { at: number; amount: number }>()
  let first = 0
  let used = 0
  for (const event of events) {
    const start = windowStart(rule, event.at)
    for (let entry = counted[first]; entry && entry.at < start; entry = counted[first]) {
      used -= entry.amount
      first++
    }
    if (event.kind === 'ended') {
      const entry = correctable.get(event.record)
      correctable.delete(event.record)
      if (!entry || entry.at < start) continue
      entry.amount += event.counts[rule.unit]
      used += event.counts[rule.unit]
      continue
    }
    const failureCounts = limits.countsFailures && rule.unit === 'requests' && rule.kind !== 'calendar'
    const amount = event.kind === 'admitted' ? event.counts[rule.unit] : failureCounts ? 1 : 0
    const entry = { at: event.at, amount }
    counted.push(entry)
    used += amount
    if (event.kind !== 'admitted') continue
    correctable.set(event.record, entry)
    yield [event, used]
  }
}

/** Times are whole ms, so what is more than a window ago is at least a ms more. */
function windowStart(rule: Exclude<Rule, { kind: 'bucket' }>, at: number): number {
  if (rule.kind === 'calendar') return periodOf(rule.calendar, rule.timeZone, at).start
  return rule.kind === 'fixed' ? at - (at % rule.perMs) : at - rule.perMs + 1
}

/** With each admission what the bucket lacks to be full: the most that any span up to it took beyond what flowed in during it. */
function* bucketUses(events: readonly LimitEvent[], rule: Rule & { kind: 'bucket' }, limits: CompiledLimits): Generator<Use> {
  let lacks = 0
  let last = events[0]?.at ?? 0
  for (const event of events) {
    lacks = Math.max(0, lacks - ((event.at - last) * rule.limit) / rule.perMs)
    last = event.at
    if (event.kind === 'refused') {
      if (limits.countsFailures && rule.unit === 'requests' && lacks < rule.size) lacks = Math.min(rule.size, lacks + 1)
      continue
    }
    lacks = Math.max(0, lacks + event.counts[rule.unit])
    if (event.kind === 'admitted') yield [event, lacks]
  }
}

function* concurrentUses(events: readonly LimitEvent[]): Generator<Use> {
  let underWay = 0
  for (const event of events) {
    if (event.kind === 'admitted') yield [event, ++underWay]
    if (event.kind === 'ended') underWay--
  }
}
