/** Who is restarted, who is given up, and who stays so. */
import type { Subject } from '../subject.js'
import { clockSlackMs, type Invariant, nameOf } from './invariant.js'

interface Down {
  until: number | null
}

/** Blacklisted means down: until reset, or until parole. Also under the next host, since it is told only when the store has it. */
export function staysBlacklisted(): Invariant {
  const down = new Map<string, Down>()
  const wrongly = (worker: string, at: number): boolean => {
    const entry = down.get(worker)
    return entry !== undefined && (entry.until === null || at < entry.until - clockSlackMs)
  }
  return (note) => {
    switch (note.k) {
      case 'state': {
        const { worker, to, from, reason, until, at } = note
        const isWrong = from === 'blacklisted' && to !== 'blacklisted' && !(to === 'idle' && reason === 'reset') && wrongly(worker, at)
        if (to === 'blacklisted') down.set(worker, { until })
        else down.delete(worker)
        return isWrong ? `${worker} became ${to} (${reason}) while blacklisted` : undefined
      }
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
  /** For how long it has been active, as a host that ends suddenly leaves it: without the stretch that it was in. */
  activeMs: number
  activeFrom: number | null
  /** Up since its last failure. */
  upMs: number
  upFrom: number | null
  onParole: boolean
  /** Its latest state, by its host's count. */
  latest: { pid: number; seq: number }
  /** A host ended before all of it was stored: the store may remember an older one. */
  unsure: boolean
}

/** States in which active time stands still. */
const resting: readonly string[] = ['idle', 'queued', 'backoff', 'blacklisted', 'stopped', 'completed']

/** Whether its restarts still count cannot be told. */
function doubt(history: History): void {
  history.unsure = true
  for (const restart of history.restarts) restart.sure = false
}

/**
 * Restarts after failures, on the clock that stands still while a worker waits or is down: never more within the window than the policy
 * has, and none given up before. What a host had not stored when it ended may be forgotten.
 */
export function restartsWithinPolicy(subjects: readonly Subject[]): Invariant {
  const fresh = (): History => ({
    restarts: [],
    activeMs: 0,
    activeFrom: null,
    upMs: 0,
    upFrom: null,
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
        history.activeFrom = null
        history.upFrom = null
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
    if (resting.includes(to) || to === 'crashed') {
      history.activeMs += history.activeFrom === null ? 0 : at - history.activeFrom
      history.activeFrom = null
    } else history.activeFrom ??= at
    const wasUpFrom = history.upFrom
    if (resting.includes(to) || to === 'starting') {
      history.upMs += wasUpFrom === null ? 0 : at - wasUpFrom
      history.upFrom = null
    } else if (to === 'running' || to === 'paused') history.upFrom ??= at
    history.latest = note
    if (to === 'idle' && reason === 'reset') histories.set(worker, { ...fresh(), latest: note })
    if (to === 'completed') history.onParole = false
    if (from === 'blacklisted' && to === 'queued') history.onParole = true
    if (to === 'crashed') {
      const upMs = history.upMs + (failure?.uptimeMs ?? 0)
      // For how long a stuck one had been well before, and to the ms when a host saw it ready, is not among the notes.
      const slack = from === 'stuck' ? (failure?.uptimeMs ?? 0) : history.upMs > 0 ? clockSlackMs : 0
      if (upMs - slack >= limits.resetAfterMs) Object.assign(history, { restarts: [], onParole: false, unsure: false })
      else if (upMs + slack >= limits.resetAfterMs) doubt(history)
      Object.assign(history, { upMs: 0, upFrom: null })
    }
    if (from !== 'crashed') return
    const active = history.activeMs
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

/** Who was stopped by hand, and not started since, gets no thread. */
export function staysStopped(): Invariant {
  const stopped = new Set<string>()
  return (note) => {
    switch (note.k) {
      case 'host':
        stopped.clear()
        return
      case 'stopped':
        stopped.add(note.worker)
        return
      case 'started':
        if (note.worker === null) stopped.clear()
        else stopped.delete(note.worker)
        return
      case 'spawn':
        return stopped.has(note.worker) ? `${note.worker} got ${nameOf(note)} although it was stopped and not started since` : undefined
      default:
        return
    }
  }
}
