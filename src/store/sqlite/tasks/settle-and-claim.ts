/**
 * The hot path: settles a worker's outcomes and hands out its next tasks in one step. Leases are read and ended in ranges; rare
 * work is kept out of it.
 */

import { DroverError } from '../../../errors.js'
import { longestWaitMs } from '../../../validation/arguments.js'
import type { Time, Token } from '../../contract/basics.js'
import type { ExchangeReply, ExchangeRequest, Outcome, Settled, TaskShortage } from '../../contract/tasks.js'
import type { EngineContext } from '../engine-context.js'
import type { LabelPages } from '../label-pages.js'
import type { History } from '../registry/history.js'
import { countsOf, isComplete, type Lane, type Lanes } from '../registry/lanes.js'
import type { Claim, Claims } from './claim.js'
import type { LeaseRow, Tasks } from './leases.js'
import { note, type Receipt, type Receipts, recall } from './receipts.js'
import type { Usages } from './usage.js'

interface Parts {
  lanes: Lanes
  tasks: Tasks
  claims: Claims
  receipts: Receipts
  usage: Usages
  labels: LabelPages
  history: History
}

export function exchanges({ db, now, wall }: EngineContext, { lanes, tasks, claims, receipts, usage, labels, history }: Parts) {
  const selectWorker = db
    .prepare<[string], [id: number, lane: number | null, fence: number, open: number]>(
      'SELECT id, lane, fence, open FROM worker WHERE name = ?',
    )
    .raw()

  function exchange(request: ExchangeRequest): ExchangeReply {
    const { fence } = request
    const [worker, lane] = admitted(request)
    const at = now()
    const earlier = receipts.find(worker, fence, request.request)
    if (earlier) return repeated(lane, worker, request, earlier, at)

    const runs: Receipt['runs'] = []
    const { skips } = lane
    const settled = settle(lane, worker, request, at, runs)
    const claim = claims.claim(lane, fence, request.want, at)
    const claimed = claim.leases.tokens.length
    // A claim that found nothing may have passed skipped items.
    if (claimed > 0 || settled.length > 0 || lane.skips !== skips) lanes.write(lane)
    if (claimed > 0 || settled.length > 0) {
      receipts.keep(worker, fence, request.request, { runs, first: claim.first, last: claim.last })
    }
    return reply(lane, request, settled, claim.leases, at)
  }

  /** The worker and its lane, if the request comes from its current owner. */
  function admitted({ worker, fence }: ExchangeRequest): [worker: number, lane: Lane] {
    const row = selectWorker.get(worker)
    if (!row) throw new DroverError('WORKER_UNKNOWN', `the store knows no worker ${worker}`, { details: { worker } })
    const [id, lane, current, open] = row
    if (current !== fence || open === 0) {
      throw new DroverError('FENCED', `fence ${fence} of ${worker} is not current any more`, { details: { worker, fence, current } })
    }
    if (lane === null) throw new DroverError('ARGUMENT_INVALID', `${worker} has no lane: it has no tasks`, { details: { worker } })
    return [id, lanes.read(lane)]
  }

  function repeated(lane: Lane, worker: number, request: ExchangeRequest, earlier: Receipt, at: Time): ExchangeReply {
    const leases = claims.again(lane, request.fence, earlier.first, earlier.last)
    const recalled = memory(worker, earlier.runs)
    const settled = request.outcomes.map(({ token }) => recalled(token))
    return reply(lane, request, settled, leases, at)
  }

  /** Looks up the outcome of tokens that are not leased: in `runs`, else in earlier exchanges. */
  function memory(worker: number, runs: Receipt['runs']): (token: Token) => Settled {
    let earlier: Receipt['runs'] | null = null
    return (token) => {
      const settled = recall(runs, token)
      if (settled) return settled
      earlier ??= receipts.runsOf(worker)
      return recall(earlier, token) ?? 'lost'
    }
  }

  function settle(lane: Lane, worker: number, request: ExchangeRequest, at: Time, runs: Receipt['runs']): Settled[] {
    const { outcomes, fence } = request
    if (outcomes.length === 0) return []
    const [first, last] = bounds(outcomes)
    const rows = tasks.between(lane, first, last).filter((row) => row[2] === fence)
    const held = new Map(rows.map((row) => [row[0], row]))
    const recalled = memory(worker, runs)
    const stored: { items: number[]; values: string[] } = { items: [], values: [] }
    const done = { results: 0, failed: 0, dead: 0 }
    const settled = outcomes.map((outcome) => {
      const { token } = outcome
      const row = held.get(token)
      if (!row) return recalled(token)
      held.delete(token)
      const became = apply(lane, worker, row, outcome, at)
      note(runs, token, became)
      if (became === 'stored' && outcome.do === 'complete') {
        stored.items.push(row[1])
        stored.values.push(outcome.value)
      } else if (became === 'retrying') done.failed++
      else if (became === 'dead') {
        done.failed++
        done.dead++
      }
      return became
    })
    unlease(lane, rows, held)
    labels.note(lane.id, stored.items, stored.values)
    done.results = stored.items.length
    history.add(worker, wall(), done)
    return settled
  }

  function apply(lane: Lane, worker: number, row: LeaseRow, outcome: Outcome, at: Time): Settled {
    if (outcome.usage) usage.addTask(worker, lane.id, row[1], outcome.usage)
    if (outcome.do === 'complete') return tasks.complete(lane, row, outcome.value, worker, wall()) ? 'stored' : 'already'
    const [, item, , attempt, failures, crashes, interrupted, releases] = row
    if (outcome.do === 'release') {
      const { later = false } = outcome
      const again = { releases: later ? releases + 1 : releases, behind: later }
      tasks.retry(lane, item, dueIn(outcome.inMs, at), attempt - 1, failures, crashes, interrupted, again)
      return 'released'
    }
    const seq = tasks.note(lane, row, { worker, outcome: 'failed', error: outcome.error, at: wall(), counts: true })
    if (outcome.retryInMs === null) {
      tasks.bury(lane, row, 'failed', seq, outcome.value ?? null, worker, wall())
      return 'dead'
    }
    tasks.retry(lane, item, dueIn(outcome.retryInMs, at), attempt, failures + 1, crashes, interrupted)
    return 'retrying'
  }

  /** Ends the leases in `rows` that are no longer `held`, run by run. */
  function unlease(lane: Lane, rows: LeaseRow[], held: Map<number, LeaseRow>): void {
    let start = 0
    for (let index = 0; index <= rows.length; index++) {
      const row = rows[index]
      if (row && !held.has(row[0])) continue
      const first = rows[start]
      const last = rows[index - 1]
      if (index > start && first && last) tasks.unlease(lane, first[0], last[0], first[2])
      start = index + 1
    }
  }

  function reply(lane: Lane, request: ExchangeRequest, settled: Settled[], leases: Claim['leases'], at: Time): ExchangeReply {
    const missing = leases.tokens.length < request.want
    return { settled, leases, shortage: missing ? shortage(lane, at) : null, counts: countsOf(request.worker, lane) }
  }

  function shortage(lane: Lane, at: Time): TaskShortage {
    if (isComplete(lane)) return { kind: 'complete' }
    if (claims.hasMore(lane, at)) return { kind: 'later', inMs: 0 }
    const due = claims.nextDue(lane)
    return { kind: 'later', inMs: due === null ? null : Math.max(0, due - at) }
  }

  return { exchange }
}

function bounds(outcomes: readonly Outcome[]): [first: number, last: number] {
  let first = Number.POSITIVE_INFINITY
  let last = Number.NEGATIVE_INFINITY
  for (const { token } of outcomes) {
    if (token < first) first = token
    if (token > last) last = token
  }
  return [first, last]
}

/** 0 means "at once": such rows sort by priority, see `schema.ts`. The wait is bounded, so that a task always comes back. */
function dueIn(ms: number, at: Time): Time {
  return ms > 0 ? Math.ceil(at + Math.min(Number(ms), longestWaitMs)) : 0
}
