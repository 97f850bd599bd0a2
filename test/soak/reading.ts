/** What this process holds while nothing runs: read at each rest, so that what grows from one to the next is seen. */
import { readdirSync, readlinkSync } from 'node:fs'
import { basename } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

export interface QuietReading {
  /** Open files, by what they are open on. */
  fds: Record<string, number>
  threads: number
  heap: number
  /** Handles that keep the host alive, by kind. */
  resources: Record<string, number>
  /** Listeners on the host's process. */
  listeners: number
}

/** Ports and handles take some turns to close: of each the least of some readings. */
export async function settledReading(): Promise<QuietReading> {
  let least = read()
  for (let round = 0; round < 10; round++) {
    await sleep(20)
    const next = read()
    least = { ...next, heap: Math.min(next.heap, least.heap), threads: Math.min(next.threads, least.threads) }
  }
  return least
}

function read(): QuietReading {
  global.gc?.()
  const resources: Record<string, number> = {}
  for (const kind of process.getActiveResourcesInfo()) resources[kind] = (resources[kind] ?? 0) + 1
  const listeners = process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0)
  return { ...osReading(), heap: process.memoryUsage().heapUsed, resources, listeners }
}

/** Where the system tells (Linux). */
function osReading(): { fds: Record<string, number>; threads: number } {
  const fds: Record<string, number> = {}
  try {
    for (const fd of readdirSync('/proc/self/fd')) {
      const kind = openOn(fd)
      if (kind !== null) fds[kind] = (fds[kind] ?? 0) + 1
    }
    return { fds, threads: readdirSync('/proc/self/task').length }
  } catch {
    return { fds, threads: 0 }
  }
}

/** A file's name, or the kind of what is none: `pipe`, `anon_inode`. */
function openOn(fd: string): string | null {
  try {
    const target = readlinkSync(`/proc/self/fd/${fd}`)
    return target.startsWith('/') ? basename(target) : (target.split(':')[0] ?? target)
  } catch {
    // The one that listed them, closed by now.
    return null
  }
}
