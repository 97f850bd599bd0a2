/**
 * Quotas in the store, shared by every host. Each process keeps them in memory, as long as no other has written them since, and writes what
 * has changed once for each group of requests. The rules are in `quotas/`.
 */

import { QuotaError } from '../../../errors.js'
import { machineMs } from '../../../time/machine-clock.js'
import { longestWaitMs } from '../../../validation/arguments.js'
import type { Time } from '../../contract/basics.js'
import type { EngineReply, EngineRequest } from '../../contract/engine.js'
import type { QuotaAnswer } from '../../contract/quotas.js'
import { checkWithin, validate } from '../../quotas/check-specs.js'
import { type Decision, Limiter, nameOf, type Waiter } from '../../quotas/limiter.js'
import { freshRecord, Quota } from '../../quotas/quota.js'
import type { Moment, WindowState } from '../../quotas/windows/open.js'
import type { EngineContext } from '../context.js'
import { quotaGrants } from './recent-grants.js'
import { quotaTables, type WaiterRow } from './tables.js'

/** A process that does not show that it is there for so long loses its places in line. */
const placeTtlMs = 2_000

/** A client that is not there any more repeats nothing after so long. */
const clientsForMs = 24 * 3_600_000

/** Plots get a point every so often. */
const sampleEveryMs = 10_000
const samplesForMs = 24 * 3_600_000

export type Quotas = ReturnType<typeof quotas>

export function quotas({ db, now, wall, process }: EngineContext) {
  const tables = quotaTables(db)
  const grants = quotaGrants({ db })
  const limiter = new Limiter()
  /** Of this process: those in line, and what the store has of them and of what is in flight. */
  let own = new Map<string, Waiter>()
  let storedPlaces = new Set<string>()
  let storedFlights = new Set<string>()
  /** When foreign places run out, unless they are renewed. */
  let foreignUntil: Time = Number.POSITIVE_INFINITY
  let line = 0
  let storedLine = 0
  let renewedAt: Time = 0
  let loadedVersion = -1
  let seenData: unknown = null
  const sampledAt = new Map<string, Time>()
  let decisions: Decision[] = []
  let dueAt: Time = Number.POSITIVE_INFINITY
  /** What to go back to if the transaction comes to nothing. */
  let before: { own: Map<string, Waiter>; places: Set<string>; flights: Set<string>; decisions: Decision[] } | null = null
  let client = new Map<string, number>()

  const moment = (): Moment => ({ now: now(), wall: wall() })

  /** Begins to work with quotas within the present transaction. */
  function touch(): void {
    if (before) return
    before = { own: new Map(own), places: new Set(storedPlaces), flights: new Set(storedFlights), decisions: [...decisions] }
    const data = tables.dataVersion()
    const stale = loadedVersion === -1 || (data !== seenData && tables.version() !== loadedVersion) || foreignUntil <= now()
    if (stale) load()
    seenData = data
  }

  function load(): void {
    const at = moment()
    for (const { spec, record, windows } of tables.quotasSince(loadedVersion)) {
      limiter.put(new Quota(spec, record, windows, at))
    }
    limiter.putFlights(tables.flights())
    storedFlights = new Set(limiter.inFlight.keys())
    for (const waiter of [...limiter.line]) limiter.leave(waiter)
    for (const waiter of own.values()) limiter.join(waiter)
    foreignUntil = Number.POSITIVE_INFINITY
    for (const row of tables.places(at.now)) {
      if (own.has(nameOf(row)) || row.process === process) continue
      limiter.join(foreign(row))
      foreignUntil = Math.min(foreignUntil, row.aliveUntil)
    }
    line = tables.line()
    storedLine = line
    loadedVersion = tables.version()
    client = new Map()
  }

  /** Grants what can be granted, and writes what has changed. */
  function end(): void {
    if (!before) return
    decide(serve())
    flush()
    const next = limiter.nextInMs()
    dueAt = next === null ? Number.POSITIVE_INFINITY : now() + next
  }

  function serve(): Decision[] {
    // Read first, and less what the store's clock leaves out below whole ms: no grant is good for longer than it is booked.
    const machineNow = machineMs() - 1
    return limiter.serve(moment(), machineNow)
  }

  function decide(made: readonly Decision[]): void {
    for (const decision of made) {
      own.delete(nameOf(decision))
      if ('answer' in decision.outcome) grants.remember(decision, decision.outcome.answer, now())
    }
    decisions.push(...made)
  }

  function flush(): void {
    const at = moment()
    const version = loadedVersion + 1
    let written = false
    for (const quota of limiter.quotas.values()) {
      const windows = quota.windows.filter(({ changed }) => changed)
      if (windows.length === 0 && !quota.changed) continue
      written = true
      for (const window of windows) tables.writeWindow(quota.name, window.label, window.save())
      tables.writeRecord(quota.name, quota.record, version)
      sample(quota, at)
      for (const window of windows) window.changed = false
      quota.changed = false
    }
    for (const name of storedPlaces) {
      if (own.has(name)) continue
      tables.deletePlace(name)
      storedPlaces.delete(name)
      written = true
    }
    for (const [name, waiter] of own) {
      if (storedPlaces.has(name)) continue
      const { client, ticket, seq, priority, choices, amounts, host } = waiter
      tables.insertPlace({ client, ticket, seq, priority, choices, amounts, host, process, aliveUntil: at.now + placeTtlMs })
      storedPlaces.add(name)
      written = true
    }
    for (const name of storedFlights) {
      if (limiter.inFlight.has(name)) continue
      tables.deleteFlight(name)
      storedFlights.delete(name)
      written = true
    }
    for (const [name, flight] of limiter.inFlight) {
      if (storedFlights.has(name)) continue
      tables.insertFlight(flight)
      storedFlights.add(name)
      written = true
    }
    grants.forget(at.now)
    if (line !== storedLine) tables.writeLine(line)
    storedLine = line
    if (own.size > 0 && at.now - renewedAt > placeTtlMs / 4) {
      tables.renewPlaces(process, at.now + placeTtlMs, at.now)
      renewedAt = at.now
    }
    if (!written) return
    tables.writeVersion(version)
    loadedVersion = version
  }

  function sample(quota: Quota, at: Moment): void {
    const last = sampledAt.get(quota.name) ?? tables.lastSample(quota.name) ?? 0
    if (at.wall - last < sampleEveryMs) return
    sampledAt.set(quota.name, at.wall)
    const used = Object.fromEntries(quota.windows.map((window) => [window.label, window.used(at[window.clock])]))
    const waiting = limiter.line.filter(({ choices }) => choices.includes(quota.name)).length
    const { inFlight, record } = quota
    tables.writeSample(quota.name, { at: at.wall, used, waiting, inFlight, granted: record.granted }, at.wall - samplesForMs)
  }

  function rolledBack(): void {
    if (!before) return
    ;({ own, places: storedPlaces, flights: storedFlights, decisions } = before)
    before = null
    loadedVersion = -1
    renewedAt = 0
    sampledAt.clear()
    grants.rolledBack()
    limiter.clear()
  }

  /** @throws QUOTA_INVALID */
  function quotaOf(name: string): Quota {
    return limiter.scopes(name)[0] as Quota
  }

  /** They are gone: out of the line, and nothing of theirs is in flight. */
  function drop(isOf: (waiter: { client: string; ticket: number; host: string }) => boolean): void {
    const waiting = [...limiter.line].filter(isOf)
    const flying = [...limiter.inFlight].filter(([, flight]) => isOf(flight))
    for (const waiter of waiting) {
      limiter.leave(waiter)
      own.delete(nameOf(waiter))
      if (!waiter.own) tables.deletePlace(nameOf(waiter))
      else decide([{ client: waiter.client, ticket: waiter.ticket, outcome: { answer: waitingAnswer(waiter, false) } }])
    }
    for (const [name] of flying) limiter.land(name)
  }

  return {
    acquireQuota(request: EngineRequest<'acquireQuota'>): EngineReply<'acquireQuota'> {
      touch()
      const { client, ticket, host, choices, priority, place, times, patienceMs, needsMs = 0 } = request
      const name = nameOf(request)
      // A repeat of one that was granted, whose answer was lost.
      const granted = grants.recall(request)
      if (granted) return granted
      const amounts = limiter.check(request)
      const known = limiter.find(request)
      if (known) limiter.leave(known)
      const seq = known?.seq ?? place ?? ++line
      const waiter: Waiter = {
        client,
        ticket,
        host,
        choices,
        amounts,
        priority,
        seq,
        own: true,
        times,
        patienceMs,
        needsMs,
        wait: null,
      }
      limiter.join(waiter)
      own.set(name, waiter)
      const made = serve()
      const mine = made.find((decision) => nameOf(decision) === name)
      decide(made.filter((decision) => decision !== mine))
      if (mine) {
        own.delete(name)
        if ('error' in mine.outcome) throw mine.outcome.error
        grants.remember(mine, mine.outcome.answer, now())
        return mine.outcome.answer
      }
      if (!request.wait) {
        limiter.leave(waiter)
        own.delete(name)
      }
      return waitingAnswer(waiter, request.wait)
    },

    probeQuota(request: EngineRequest<'probeQuota'>): EngineReply<'probeQuota'> {
      touch()
      return { wait: limiter.probe(request, moment()) }
    },

    cancelQuota(request: EngineRequest<'cancelQuota'>): EngineReply<'cancelQuota'> {
      touch()
      drop((waiter) => nameOf(waiter) === nameOf(request))
      return {}
    },

    settleQuota({ client: from, request, settlements }: EngineRequest<'settleQuota'>): { done: boolean } {
      touch()
      const last = client.get(from) ?? tables.lastRequest(from) ?? 0
      if (request <= last) return { done: false }
      for (const settlement of settlements) limiter.checkSettlement(settlement)
      for (const settlement of settlements) limiter.settle({ ...settlement, client: from }, moment())
      client.set(from, request)
      tables.writeRequest(from, request, wall())
      return { done: true }
    },

    leaveQuotas({ client: from }: EngineRequest<'leaveQuotas'>): EngineReply<'leaveQuotas'> {
      touch()
      drop((waiter) => waiter.client === from)
      client.delete(from)
      tables.deleteRequest(from)
      return {}
    },

    declareQuotas({ quotas: specs }: EngineRequest<'declareQuotas'>): EngineReply<'declareQuotas'> {
      touch()
      const at = moment()
      for (const spec of specs) validate(spec, at.wall)
      checkWithin(specs, limiter)
      for (const spec of specs) {
        const earlier = limiter.quotas.get(spec.name)
        if (earlier && JSON.stringify(earlier.spec) === JSON.stringify(spec)) continue
        const states = new Map<string, WindowState>(earlier?.windows.map((window) => [window.label, window.save()]) ?? [])
        for (const [label, state] of tables.windowsOf(spec.name)) if (!states.has(label)) states.set(label, state)
        const quota = new Quota(spec, earlier?.record ?? { ...freshRecord }, states, at)
        for (const window of quota.windows) window.changed = true
        tables.writeSpec(spec)
        quota.changed = true
        limiter.put(quota)
      }
      return {}
    },

    blockQuota({ name, forMs }: EngineRequest<'blockQuota'>): EngineReply<'blockQuota'> {
      touch()
      const quota = quotaOf(name)
      if (forMs === null) quota.unblock()
      else if (forMs >= 0 && forMs <= longestWaitMs) quota.block(forMs, moment())
      else throw new QuotaError('QUOTA_INVALID', `quota ${name} cannot be blocked for ${forMs} ms`, { details: { forMs } })
      return {}
    },

    observeQuota({ name, readings, outcome }: EngineRequest<'observeQuota'>): EngineReply<'observeQuota'> {
      touch()
      const at = moment()
      for (const quota of limiter.scopes(name)) {
        quota.tighten(readings, at)
        if (outcome) quota.answered(outcome, at)
      }
      return {}
    },

    retireQuota({ name, reason }: EngineRequest<'retireQuota'>): EngineReply<'retireQuota'> {
      touch()
      return { changed: quotaOf(name).retire(reason, moment()) }
    },

    quotas({ names, backlogs = {} }: EngineRequest<'quotas'>): EngineReply<'quotas'> {
      touch()
      return { quotas: names.map((name) => limiter.status(name, moment(), backlogs[name] ?? null)) }
    },

    /** What a host that is gone had in line and in flight. */
    dropHost(host: string): void {
      touch()
      drop((waiter) => waiter.host === host)
      tables.deleteRequestsBefore(wall() - clientsForMs)
    },

    /** To be called within each transaction, at its start and before its end, and then with how it went. */
    begin: rolledBack,
    touch,
    end,
    committed(): void {
      before = null
    },
    rolledBack,

    /** Whether somebody should be looked at again: it is time, or another process has written. */
    due(): boolean {
      if (own.size === 0) return false
      const at = now()
      return at >= dueAt || at - renewedAt > placeTtlMs / 3 || foreignUntil <= at || tables.dataVersion() !== seenData
    },

    /** How long until {@link due} is to be asked, in ms, as far as is known here; null: nobody waits. */
    dueInMs: (): number | null => (own.size === 0 ? null : Math.max(0, dueAt - now())),

    /** Those that were decided since the last call and had been waiting. */
    takeDecisions(): Decision[] {
      const taken = decisions
      decisions = []
      return taken
    },
  }
}

function foreign({ client, ticket, host, choices, amounts, priority, seq }: WaiterRow): Waiter {
  const never = Number.POSITIVE_INFINITY
  return { client, ticket, host, choices, amounts, priority, seq, own: false, times: 1, patienceMs: never, wait: null }
}

function waitingAnswer({ wait, choices }: Waiter, waiting: boolean): QuotaAnswer {
  return { granted: false, waiting, ...(wait ?? { quota: choices[0] as string, window: 'the line', inMs: 1 }) }
}
