/**
 * What must hold all the while, each as a fold over the notes: it sees them in order, and answers with a complaint where one breaks it.
 * Pure, so that the tests can feed each of them with what must not be.
 */
import type { Note, QuietReading, ThreadName } from './notes.js'
import { concurrency, groups, item, poisonAfter, quotas, type Subject } from './subject.js'

/** Sees one note; what it answers is what is wrong. */
export type Invariant = (note: Note) => string | undefined

export interface Violation {
  invariant: string
  complaint: string
  /** Its place among the notes. */
  index: number
}

/** A limit that was lowered is exceeded by those that still finish what they have in hand. */
const loweredGraceMs = 15_000
/** A call comes so much after its grant, at most: the fsync, the way to the thread, and a thread that waits for a processor. */
export const quotaSlackMs = 1_500
/** State changes and verdicts read the clock one after the other. */
const clockSlackMs = 250
/** What a host may have more than at its first quiet moment. */
export const leakBounds = { fds: 8, threads: 4, heap: 24 << 20, listeners: 4, resources: 6 }

const nameOf = ({ pid, thread }: ThreadName): string => `thread ${thread} of ${pid}`

/** Never two threads for one worker, and nothing done by a thread that is not the worker's. */
export function oneThread(): Invariant {
  const owner = new Map<string, ThreadName>()
  const drop = (is: (thread: ThreadName) => boolean): void => {
    for (const [worker, thread] of owner) if (is(thread)) owner.delete(worker)
  }
  return (note) => {
    switch (note.k) {
      case 'gone':
        drop(({ pid }) => pid === note.pid)
        return
      case 'exit':
        drop(({ pid, thread }) => pid === note.pid && thread === note.thread)
        return
      case 'spawn': {
        const before = owner.get(note.worker)
        owner.set(note.worker, note)
        return before && `${note.worker} got ${nameOf(note)} while ${nameOf(before)} was alive`
      }
      case 'setup':
      case 'start': {
        const own = owner.get(note.worker)
        if (own?.pid === note.pid && own.thread === note.thread) return
        return `${nameOf(note)} works for ${note.worker}, which has ${own ? nameOf(own) : 'no thread'}`
      }
      default:
        return
    }
  }
}

/** Fences only rise, and serve one thread each. */
export function fencesRise(): Invariant {
  const highest = new Map<string, number>()
  return (note) => {
    if (note.k !== 'setup') return
    const before = highest.get(note.worker) ?? 0
    highest.set(note.worker, Math.max(before, note.fence))
    return note.fence > before ? undefined : `${note.worker} got fence ${note.fence} after ${before}`
  }
}

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

/** Threads never outnumber the slots, in all and by group. */
export function slotsNotExceeded(subjects: readonly Subject[]): Invariant {
  const live = new Map<string, string>()
  const groupOf = new Map(subjects.map(({ id, group }) => [id, group]))
  let limits: { group: string | null; limit: number; until: number }[] = []
  const set = (group: string | null, limit: number, at: number): void => {
    for (const entry of limits) if (entry.group === group && entry.until > at) entry.until = at + loweredGraceMs
    limits = [...limits.filter(({ until }) => until > at), { group, limit, until: Number.POSITIVE_INFINITY }]
  }
  const over = (group: string | null, at: number): string | undefined => {
    const most = Math.max(...limits.filter((entry) => entry.group === group && entry.until > at).map(({ limit }) => limit))
    const used = [...live.values()].filter((worker) => group === null || groupOf.get(worker) === group).length
    return used > most ? `${used} threads with ${most} slots${group ? ` of ${group}` : ''}` : undefined
  }
  return (note) => {
    switch (note.k) {
      case 'host':
        live.clear()
        limits = []
        set(null, concurrency, note.at)
        for (const [group, limit] of Object.entries(groups)) set(group, limit, note.at)
        return
      case 'limit':
        set(note.group, note.limit, note.at)
        return
      case 'exit':
        live.delete(nameOf(note))
        return
      case 'spawn': {
        live.set(nameOf(note), note.worker)
        const group = groupOf.get(note.worker) ?? null
        return over(null, note.at) ?? (group === null ? undefined : over(group, note.at))
      }
      case 'quiet':
        if (live.size > 0 || note.slots > 0) return `at rest, ${live.size} threads live and ${note.slots} slots are taken`
        return
      default:
        return
    }
  }
}

/** No window of a quota holds more calls than its limit, by the workers' own account. */
export function quotasNotExceeded(subjects: readonly Subject[]): Invariant {
  const quotaOf = new Map(subjects.map(({ id, quota }) => [id, quota]))
  const windows = Object.entries(quotas).flatMap(([quota, each]) => each.map((window) => ({ quota, ...window, calls: [] as number[] })))
  return (note) => {
    if (note.k !== 'start') return
    for (const { quota, limit, per, calls } of windows) {
      if (quotaOf.get(note.worker) !== quota) continue
      calls.push(note.at)
      while ((calls[0] as number) <= note.at - (per - quotaSlackMs)) calls.shift()
      if (calls.length > limit)
        return `${calls.length} calls within ${per - quotaSlackMs} ms under ${quota}, which grants ${limit} in ${per} ms`
    }
    return
  }
}

/** Attempts are numbered honestly: rising, none twice, and not higher than what could have used one up. */
export function attemptsHonest(): Invariant {
  const tasks = new Map<string, { last: number; starts: number }>()
  const ends = new Map<string, number>()
  let hosts = 0
  return (note) => {
    if (note.k === 'host') hosts++
    if (note.k === 'spawn') ends.set(note.worker, (ends.get(note.worker) ?? 0) + 1)
    if (note.k !== 'start') return
    const { worker, key, attempt } = note
    const task = tasks.get(`${worker} ${key}`) ?? { last: 0, starts: 0 }
    tasks.set(`${worker} ${key}`, { last: attempt, starts: task.starts + 1 })
    if (attempt <= task.last) return `${worker} began ${key} as attempt ${attempt} after attempt ${task.last}`
    // A thread may end between being charged with a task and its first word about it; a host's end charges what was only held.
    const most = task.starts + 1 + hosts + (ends.get(worker) ?? 0)
    return attempt > most ? `${worker} began ${key} as attempt ${attempt} after ${task.starts} starts` : undefined
  }
}

interface SeenResult extends ThreadName {
  attempt: number
}

/**
 * Every result was made by the attempt it names, is never lost, doubled or changed once it was seen, and its task is never done again; at
 * the end each item of each lane has one, or is dead as its script says (or by as many crashes as make it poison).
 */
export function resultsOnce(subjects: readonly Subject[]): Invariant {
  const starts = new Map<string, SeenResult[]>()
  const results = new Map<string, SeenResult>()
  const dead = new Set<string>()
  const loaded = { metered: new Set<string>(), free: new Set<string>() }
  const counted = new Map<string, number>()
  let present = new Set<string>()
  let still = false

  const fell = (worker: string, done: number): string | undefined => {
    const before = counted.get(worker) ?? 0
    counted.set(worker, Math.max(before, done))
    return done < before ? `${worker} had ${before} results and has ${done}` : undefined
  }
  const firstOf = (complaints: (string | undefined)[]): string | undefined => complaints.find((complaint) => complaint !== undefined)

  function missing(): string | undefined {
    for (const { id, dataset } of subjects) {
      for (const key of loaded[dataset]) {
        const name = `${id} ${key}`
        if (present.has(name) === dead.has(name))
          return `${name} has ${dead.has(name) ? 'a result, and is dead' : 'no result, and is not dead'}`
      }
    }
    const expected = subjects.reduce((sum, { dataset }) => sum + loaded[dataset].size, 0)
    return present.size + dead.size === expected ? undefined : `${present.size} results and ${dead.size} dead for ${expected} tasks`
  }

  return (note) => {
    switch (note.k) {
      case 'loaded':
        for (let number = note.from; number < note.to; number++) loaded[note.dataset as 'metered' | 'free'].add(item(number).id)
        return
      case 'start': {
        const { worker, key, attempt, pid, thread } = note
        const name = `${worker} ${key}`
        const known = starts.get(name) ?? []
        starts.set(name, [...known, { attempt, pid, thread }])
        return results.has(name) ? `${name} was begun again although its result was seen` : undefined
      }
      case 'snapshot':
        present = new Set()
        dead.clear()
        still = note.still
        return
      case 'result': {
        const { worker, key, attempt, pid, thread } = note
        const name = `${worker} ${key}`
        if (present.has(name)) return `${name} has two results`
        present.add(name)
        const known = results.get(name)
        results.set(name, { attempt, pid, thread })
        if (known && (known.attempt !== attempt || known.pid !== pid || known.thread !== thread)) return `the result of ${name} has changed`
        const made = starts.get(name) ?? []
        if (!made.some((start) => start.attempt === attempt && start.pid === pid && start.thread === thread)) {
          return `${name} has a result of attempt ${attempt} by ${nameOf(note)}, which never began it`
        }
        if (made.some((start) => start.attempt > attempt)) return `${name} was begun again after attempt ${attempt}, whose result it has`
        return
      }
      case 'dead': {
        const name = `${note.worker} ${note.key}`
        dead.add(name)
        if (present.has(name)) return `${name} has a result, and is dead`
        const script = item(Number(note.key.split('-')[1]))
        if (note.kind === 'failed' && script.do === 'give up') return
        const began = starts.get(name)?.length ?? 0
        if (note.kind === 'poison' && began >= poisonAfter) return
        return `${name} is dead (${note.kind}) after ${began} starts; its script says ${script.do ?? 'nothing'}`
      }
      case 'seen': {
        for (const name of results.keys()) if (!present.has(name)) return `the result of ${name} was seen, and is gone`
        if (!still || !note.done) return
        const byWorker = new Map<string, number>()
        for (const name of present) {
          const worker = name.slice(0, name.indexOf(' '))
          byWorker.set(worker, (byWorker.get(worker) ?? 0) + 1)
        }
        return firstOf(
          Object.entries(note.done).map(([worker, done]) =>
            done === (byWorker.get(worker) ?? 0)
              ? undefined
              : `status says ${done} results of ${worker}, there are ${byWorker.get(worker) ?? 0}`,
          ),
        )
      }
      case 'counts':
        return firstOf(Object.entries(note.done).map(([worker, done]) => fell(worker, done)))
      case 'host':
        return firstOf(note.workers.map(({ worker, done }) => fell(worker, done)))
      case 'quiet':
        return firstOf(
          Object.entries(note.leased).map(([worker, leased]) => (leased > 0 ? `at rest, ${worker} has ${leased} leases` : undefined)),
        )
      case 'finished':
        return missing()
      default:
        return
    }
  }
}

/** What a host has at rest does not grow from one quiet moment to the next. */
export function nothingLeaks(): Invariant {
  let first: { pid: number; reading: QuietReading } | null = null
  return (note) => {
    if (note.k !== 'quiet') return
    if (first?.pid !== note.pid) {
      first = note
      return
    }
    const { reading } = note
    const before = first.reading
    for (const name of ['threads', 'heap', 'listeners'] as const) {
      if (reading[name] > before[name] + leakBounds[name]) return `${name} at rest: ${before[name]}, then ${reading[name]}`
    }
    return (
      grown('open on', before.fds, reading.fds, leakBounds.fds) ?? grown('live', before.resources, reading.resources, leakBounds.resources)
    )
  }
}

function grown(what: string, before: Record<string, number>, now: Record<string, number>, bound: number): string | undefined {
  for (const [kind, count] of Object.entries(now)) {
    // Node.js leaves a module's file open if its thread is terminated while it reads it.
    if (kind.endsWith('.js')) continue
    const was = before[kind] ?? 0
    if (count > was + bound) return `${what} ${kind} at rest: ${was}, then ${count}`
  }
  return
}

/** No error logged by drover itself, no rejection, no warning, no call without an answer. */
export function noTrouble(): Invariant {
  return (note) => (note.k === 'trouble' ? note.message : undefined)
}

/** All of them at once. Counts what it looked at. */
export class Checker {
  readonly violations: Violation[] = []
  readonly #invariants: [string, Invariant][]
  #notes = 0

  constructor(subjects: readonly Subject[]) {
    this.#invariants = Object.entries({
      oneThread: oneThread(),
      fencesRise: fencesRise(),
      staysBlacklisted: staysBlacklisted(),
      restartsWithinPolicy: restartsWithinPolicy(subjects),
      slotsNotExceeded: slotsNotExceeded(subjects),
      quotasNotExceeded: quotasNotExceeded(subjects),
      attemptsHonest: attemptsHonest(),
      resultsOnce: resultsOnce(subjects),
      nothingLeaks: nothingLeaks(),
      noTrouble: noTrouble(),
    })
  }

  /** Each note is looked at by each invariant. */
  get checks(): number {
    return this.#notes * this.#invariants.length
  }

  see(note: Note): void {
    for (const [invariant, look] of this.#invariants) {
      const complaint = look(note)
      if (complaint !== undefined) this.violations.push({ invariant, complaint, index: this.#notes })
    }
    this.#notes++
  }
}
