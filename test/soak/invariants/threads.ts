/** Threads: one for each worker, under a fence of its own, and no more of them than slots. */
import type { ThreadName } from '../notes.js'
import { concurrency, groups, type Subject } from '../subject.js'
import { type Invariant, nameOf } from './invariant.js'

/** A limit that was lowered is exceeded by those that still finish what they have in hand. */
const loweredGraceMs = 15_000

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
    if (note.k !== 'fence') return
    const before = highest.get(note.worker) ?? 0
    highest.set(note.worker, Math.max(before, note.fence))
    return note.fence > before ? undefined : `${note.worker} got fence ${note.fence} after ${before}`
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
