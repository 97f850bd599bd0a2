/** Detects when a thread has reached a limit of `recycle`. */
import { constants, type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks'
import { getHeapStatistics } from 'node:v8'
import type { RecycleOptions } from '../../options/isolation.js'
import { duration } from '../../values/duration.js'

const megabyte = 1_048_576

/**
 * Watches this thread.
 *
 * @param tasksDone how many tasks the thread has finished
 * @param due called each time that a passed limit is found
 * @returns a function to call after each finished task
 */
export function watchRecycling(options: RecycleOptions, tasksDone: () => number, due: (reason: string) => void): () => void {
  const { maxTasks, maxAgeMs, maxHeapMb } = options
  if (maxAgeMs !== undefined) setInterval(() => due(`${duration(maxAgeMs)} old`), maxAgeMs).unref()
  if (maxHeapMb !== undefined) watchHeap(maxHeapMb, due)
  return () => {
    if (maxTasks !== undefined && tasksDone() >= maxTasks) due(`${tasksDone()} tasks done`)
  }
}

/** Only the heap left after a full garbage collection is in use. */
function watchHeap(maxHeapMb: number, due: (reason: string) => void): void {
  const observer = new PerformanceObserver((list) => {
    const entries = list.getEntries() as (PerformanceEntry & { detail?: { kind?: number } })[]
    const full = entries.some(({ detail }) => detail?.kind === constants.NODE_PERFORMANCE_GC_MAJOR)
    const used = full ? getHeapStatistics().used_heap_size / megabyte : 0
    if (used > maxHeapMb) due(`${Math.round(used)} MB of heap in use`)
  })
  observer.observe({ entryTypes: ['gc'] })
}
