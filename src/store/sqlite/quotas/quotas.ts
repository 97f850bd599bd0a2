/**
 * The store's operations on quotas, shared by all hosts. `memory.ts` keeps quotas between requests; the rules are in
 * `store/quotas/`.
 */

import { QuotaError } from '../../../errors.js'
import { longestWaitMs } from '../../../validation/arguments.js'
import type { EngineReply, EngineRequest } from '../../contract/engine.js'
import type { QuotaAnswer } from '../../contract/quotas.js'
import { checkWithin, validate } from '../../quotas/check-specs.js'
import { freshRecord, Quota } from '../../quotas/quota.js'
import { type Decision, nameOf, type Waiter } from '../../quotas/waiter.js'
import type { WindowState } from '../../quotas/windows/open-window.js'
import type { EngineContext } from '../engine-context.js'
import { QuotaMemory } from './memory.js'

/** How long the last request of a client is kept: later there are no repeats. */
const clientsForMs = 24 * 3_600_000

export type Quotas = ReturnType<typeof quotas>

export function quotas(context: EngineContext) {
  const memory = new QuotaMemory(context)
  const { limiter, tables, grants } = memory

  /** @throws QUOTA_INVALID */
  function quotaOf(name: string): Quota {
    return limiter.scopes(name)[0] as Quota
  }

  /** Removes the waiters and requests in flight of gone clients. */
  function drop(isOf: (waiter: { client: string; ticket: number; host: string }) => boolean): void {
    const waiting = [...limiter.line].filter(isOf)
    const flying = [...limiter.inFlight].filter(([, flight]) => isOf(flight))
    for (const waiter of waiting) {
      limiter.leave(waiter)
      memory.own.delete(nameOf(waiter))
      if (!waiter.own) tables.deletePlace(nameOf(waiter))
      else memory.decide([{ client: waiter.client, ticket: waiter.ticket, outcome: { answer: waitingAnswer(waiter, false) } }])
    }
    for (const [name] of flying) limiter.land(name)
  }

  return {
    acquireQuota(request: EngineRequest<'acquireQuota'>): EngineReply<'acquireQuota'> {
      memory.touch()
      const { client, ticket, host, choices, priority, place, times, patienceMs, needsMs = 0 } = request
      const name = nameOf(request)
      // A repeat of a granted request whose answer was lost.
      const granted = grants.recall(request)
      if (granted) return granted
      const amounts = limiter.check(request)
      const known = limiter.find(request)
      if (known) limiter.leave(known)
      const seq = known?.seq ?? place ?? memory.nextInLine()
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
      memory.own.set(name, waiter)
      const made = memory.serve()
      const mine = made.find((decision) => nameOf(decision) === name)
      memory.decide(made.filter((decision) => decision !== mine))
      if (mine) {
        memory.own.delete(name)
        if ('error' in mine.outcome) throw mine.outcome.error
        memory.remember(mine, mine.outcome.answer)
        return mine.outcome.answer
      }
      if (!request.wait) {
        limiter.leave(waiter)
        memory.own.delete(name)
      }
      return waitingAnswer(waiter, request.wait)
    },

    probeQuota(request: EngineRequest<'probeQuota'>): EngineReply<'probeQuota'> {
      memory.touch()
      return { wait: limiter.probe(request, memory.moment()) }
    },

    cancelQuota(request: EngineRequest<'cancelQuota'>): EngineReply<'cancelQuota'> {
      memory.touch()
      drop((waiter) => nameOf(waiter) === nameOf(request))
      return {}
    },

    settleQuota({ client: from, request, settlements }: EngineRequest<'settleQuota'>): { done: boolean } {
      memory.touch()
      if (request <= memory.lastRequest(from)) return { done: false }
      for (const settlement of settlements) limiter.checkSettlement(settlement)
      for (const settlement of settlements) limiter.settle({ ...settlement, client: from }, memory.moment())
      memory.noteRequest(from, request)
      return { done: true }
    },

    leaveQuotas({ client: from }: EngineRequest<'leaveQuotas'>): EngineReply<'leaveQuotas'> {
      memory.touch()
      drop((waiter) => waiter.client === from)
      memory.forgetRequests(from)
      return {}
    },

    declareQuotas({ quotas: specs }: EngineRequest<'declareQuotas'>): EngineReply<'declareQuotas'> {
      memory.touch()
      const at = memory.moment()
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
      memory.touch()
      const quota = quotaOf(name)
      if (forMs === null) quota.unblock()
      else if (forMs >= 0 && forMs <= longestWaitMs) quota.block(forMs, memory.moment())
      else throw new QuotaError('QUOTA_INVALID', `quota ${name} cannot be blocked for ${forMs} ms`, { details: { forMs } })
      return {}
    },

    observeQuota({ name, readings, outcome }: EngineRequest<'observeQuota'>): EngineReply<'observeQuota'> {
      memory.touch()
      const at = memory.moment()
      for (const quota of limiter.scopes(name)) {
        quota.tighten(readings, at)
        if (outcome) quota.answered(outcome, at)
      }
      return {}
    },

    retireQuota({ name, reason }: EngineRequest<'retireQuota'>): EngineReply<'retireQuota'> {
      memory.touch()
      return { changed: quotaOf(name).retire(reason, memory.moment()) }
    },

    quotas({ names, backlogs = {} }: EngineRequest<'quotas'>): EngineReply<'quotas'> {
      memory.touch()
      return { quotas: names.map((name) => limiter.status(name, memory.moment(), backlogs[name] ?? null)) }
    },

    /** Removes a dead host's waiters and requests in flight. */
    dropHost(host: string): void {
      memory.touch()
      drop((waiter) => waiter.host === host)
      tables.deleteRequestsBefore(context.wall() - clientsForMs)
    },

    /** Called in each transaction: at its start, before its end, and with its result. */
    begin: () => memory.rolledBack(),
    touch: () => memory.touch(),
    end: () => memory.end(),
    committed: () => memory.committed(),
    rolledBack: () => memory.rolledBack(),

    due: () => memory.due(),
    dueInMs: () => memory.dueInMs(),
    takeDecisions: (): Decision[] => memory.takeDecisions(),
  }
}

function waitingAnswer({ wait, choices }: Waiter, waiting: boolean): QuotaAnswer {
  return { granted: false, waiting, ...(wait ?? { quota: choices[0] as string, window: 'the line', inMs: 1 }) }
}
