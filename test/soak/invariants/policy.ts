/** Who is restarted, who is given up, and who stays so. */
import type { Subject } from '../subject.js'
import { clockSlackMs, type Invariant, nameOf } from './invariant.js'

interface Down {
  until: number | null
  stored: boolean
  pid: number
  seq: number
}

/** Blacklisted means down: until reset, or until parole. Also under the next host, once it is in the store or was answered. */
export function staysBlacklisted(): Invariant {
  const down = new Map<string, Down>()
  const wrongly = (worker: string, at: number): boolean => {
    const entry = down.get(worker)
    return entry !== undefined && (entry.until === null || at < entry.until - clockSlackMs)
  }
  return (note) => {
    switch (note.k) {
      case 'state': {
        const { worker, to, from, reason, until, pid, seq, at } = note
        const isWrong = from === 'blacklisted' && to !== 'blacklisted' && !(to === 'idle' && reason === 'reset') && wrongly(worker, at)
        if (to === 'blacklisted') down.set(worker, { until, stored: false, pid, seq })
        else down.delete(worker)
        return isWrong ? `${worker} became ${to} (${reason}) while blacklisted` : undefined
      }
      case 'blacklisted': {
        const entry = down.get(note.worker)
        if (entry) entry.stored = true
        return
      }
      case 'stored':
        for (const entry of down.values()) if (entry.pid === note.pid && entry.seq <= note.seq) entry.stored = true
        return
      case 'gone':
        for (const [worker, entry] of down) if (entry.pid === note.pid && !entry.stored) down.delete(worker)
        return
      case 'host': {
        const freed = note.workers.filter(({ worker, state }) => down.has(worker) && state !== 'blacklisted')
        return freed.length > 0 ? `blacklisted, and not any more after the host ended: ${freed.map(({ worker }) => worker)}` : undefined
      }
      case 'spawn':
        return wrongly(note.worker, note.at) ? `${note.worker} got ${nameOf(note)} while blacklisted` : undefined
      default:
        return
    }
  }
}

interface History {
  restarts: { at: number; pid: number; seq: number; sure: boolean }[]
  backoffMs: number
  backoffFrom: number | null
  onParole: boolean
  /** Its latest state, by its host's count. */
  latest: { pid: number; seq: number }
  /** A host ended before all of it was stored: the store may remember an older one. */
  unsure: boolean
}

/**
 * Restarts after failures, on the clock that stands still in backoff: never more within the window than the policy has, and none given up
 * before. What a host had not stored when it ended may be forgotten.
 */
export function restartsWithinPolicy(subjects: readonly Subject[]): Invariant {
  const fresh = (): History => ({
    restarts: [],
    backoffMs: 0,
    backoffFrom: null,
    onParole: false,
    latest: { pid: 0, seq: 0 },
    unsure: false,
  })
  const histories = new Map(subjects.map(({ id }) => [id, fresh()]))
  const limitsOf = new Map(subjects.map(({ id, limits }) => [id, limits]))
  let stored = { pid: 0, seq: 0 }
  return (note) => {
    if (note.k === 'stored') {
      stored = note
      return
    }
    if (note.k === 'gone') {
      const isLost = ({ pid, seq }: { pid: number; seq: number }) => pid === note.pid && !(stored.pid === pid && seq <= stored.seq)
      for (const history of histories.values()) {
        history.backoffFrom = null
        if (isLost(history.latest)) history.unsure = true
        for (const restart of history.restarts) if (isLost(restart)) restart.sure = false
      }
      return
    }
    if (note.k !== 'state') return
    const { worker, from, to, at, failure, reason, pid, seq } = note
    const history = histories.get(worker)
    const limits = limitsOf.get(worker)
    if (!history || !limits) return `there is no worker ${worker}`
    if (from === 'backoff' && history.backoffFrom !== null) {
      history.backoffMs += at - history.backoffFrom
      history.backoffFrom = null
    }
    if (to === 'backoff') history.backoffFrom = at
    history.latest = note
    if (to === 'idle' && reason === 'reset') histories.set(worker, { ...fresh(), latest: note })
    if (to === 'completed') history.onParole = false
    if (from === 'blacklisted' && to === 'queued') history.onParole = true
    if (to === 'crashed') {
      const stable = failure !== null && failure.uptimeMs !== null && failure.uptimeMs >= limits.resetAfterMs
      if (stable) Object.assign(history, { restarts: [], onParole: false, unsure: false })
    }
    if (from !== 'crashed') return
    const active = at - history.backoffMs
    const within = (ms: number) => history.restarts.filter((restart) => restart.at >= active - ms)
    if (to === 'blacklisted') {
      const most = within(limits.withinMs + clockSlackMs).length
      return most < limits.maxRestarts && !history.onParole && !history.unsure
        ? `${worker} was given up after ${most} restarts (${reason})`
        : undefined
    }
    if (to !== 'starting' && to !== 'backoff') return
    if (history.onParole && !history.unsure) return `${worker} was restarted after it failed on parole`
    history.restarts.push({ at: active, pid, seq, sure: true })
    const count = within(limits.withinMs - clockSlackMs).filter(({ sure }) => sure).length
    return count > limits.maxRestarts ? `${worker} was restarted ${count} times within ${limits.withinMs} ms` : undefined
  }
}
