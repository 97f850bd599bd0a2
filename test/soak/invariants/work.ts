/** The work itself: calls within their quotas, attempts numbered honestly, and one result for each item of each lane. */
import type { ThreadName } from '../notes.js'
import { item, poisonAfter, quotas, type Subject } from '../subject.js'
import { type Invariant, nameOf } from './invariant.js'

/** A call comes so much after its grant, at most: the fsync, the way to the thread, and a thread that waits for a processor. */
export const quotaSlackMs = 1_500

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
