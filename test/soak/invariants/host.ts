/** The host: nothing is left behind, and nothing goes wrong unseen. */
import type { QuietReading } from '../reading.js'
import { limits } from '../subject.js'
import type { Invariant } from './invariant.js'

/** For the store, and for a machine that has other things to do. */
const slackMs = 10_000

/** What a host may have more than at its first quiet moment. */
export const leakBounds = { fds: 8, threads: 4, heap: 24 << 20, listeners: 4, resources: 6 }

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

/** A close ends within the drain and the kill, whatever goes on. */
export function closesInTime(): Invariant {
  const mostMs = limits.drainMs + limits.killMs + slackMs
  return (note) => (note.k === 'closed' && note.ms > mostMs ? `close took ${note.ms} ms, more than ${mostMs}` : undefined)
}
