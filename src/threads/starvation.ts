/**
 * How long a thread stood ready to run while others had the cores. Linux counts it for each thread (`/proc/<pid>/task/<tid>/schedstat`);
 * where nobody counts, 0 is what is known.
 */
import { readFileSync, readlinkSync } from 'node:fs'

/** What the operating system calls the thread that asks; 0 where it does not say. */
export function ownTid(): number {
  try {
    return Number(readlinkSync('/proc/thread-self').split('/').at(-1))
  } catch {
    return 0
  }
}

/** Milliseconds since the thread began for which it waited for a core. */
export function starvedMs(tid: number): number {
  if (tid === 0) return 0
  try {
    const [, waitedNs] = readFileSync(`/proc/self/task/${tid}/schedstat`, 'utf8').split(' ')
    return Number(waitedNs) / 1e6 || 0
  } catch {
    return 0
  }
}
