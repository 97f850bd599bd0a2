/** What is wrong with the ground that a system stands on, in words. Pure. */
import { hostTtlMs } from '../store/contract/engine.js'
import { roomyBytes } from '../store/space.js'
import { number, plural } from '../values/count.js'
import { duration } from '../values/duration.js'
import type { Health, HealthTrouble } from './health-report.js'

/** How long it is told that a host died. */
export const deadToldMs = 3_600_000
/** A disk is nearly full with less than 5% of it, or 2 GB if that is less; and where drover bounds the log by it in any case. */
const nearlyFull = { share: 0.05, bytes: 2e9 }
const lateMs = { p99: 250, max: 1_000 }
const fullShare = 0.9

/** @param unread why the hosts could not be read */
export function troublesOf(
  { at, hosts, store, loop, process }: Omit<Health, 'ok' | 'troubles'>,
  { hasFailed = false, unread = null as string | null } = {},
): HealthTrouble[] {
  const found: HealthTrouble[] = []
  const tell = (severity: HealthTrouble['severity'], kind: HealthTrouble['kind'], message: string, since: number | null = null): void => {
    found.push({ kind, severity, message, since })
  }

  if (hasFailed) tell('error', 'store-failed', 'The store is gone: workers are being stopped')
  else if (store.waits) tell('error', 'store-waits', `The store cannot be written, and calls wait: ${store.waits.why}`, store.waits.since)
  if (store.lastCheck && !store.lastCheck.ok) {
    const problems = plural(store.lastCheck.problems, 'problem', 'problems')
    tell('error', 'store-unsound', `The last check of the store found ${problems}`, store.lastCheck.at)
  }
  if (unread !== null && !hasFailed) tell('warning', 'store-unread', `The store cannot be read: ${unread}`)
  const { disk = null } = store.space ?? {}
  if (disk && disk.freeBytes < Math.max(roomyBytes, Math.min(disk.totalBytes * nearlyFull.share, nearlyFull.bytes))) {
    const size = `${bytes(disk.freeBytes)} of ${bytes(disk.totalBytes)} are free`
    tell('warning', 'disk-nearly-full', `The disk of the store is nearly full: ${size}`)
  }
  for (const { pid, hostname, here, gone, diedAt, renewedAt, workers } of hosts ?? []) {
    const name = `Host ${pid} on ${hostname}`
    if (here) continue
    if (diedAt !== null) tell('warning', 'host-gone', `${name} died without leaving; its workers were taken back`, diedAt)
    else if (gone) {
      tell('warning', 'host-gone', `${name} is gone; it still holds ${plural(workers, 'worker', 'workers')}`, renewedAt)
      // A store that cannot be written says enough.
    } else if (renewedAt !== null && at - renewedAt > hostTtlMs && !store.waits) {
      const why = 'its process is there, but hangs'
      tell('warning', 'host-silent', `${name} has given no sign of life for ${duration(at - renewedAt)}: ${why}`, renewedAt)
    }
  }
  if ((loop.p99Ms ?? 0) > lateMs.p99 || (loop.maxMs ?? 0) > lateMs.max) {
    const late = `one turn in a hundred by ${duration(loop.p99Ms ?? 0)} or more, the latest by ${duration(loop.maxMs ?? 0)}`
    tell('warning', 'loop-late', `The main thread is late: ${late}`)
  }
  const { rssBytes, limitBytes, heapUsedBytes, heapLimitBytes } = process
  if (limitBytes !== null && rssBytes > fullShare * limitBytes) {
    tell('warning', 'memory-nearly-full', `Memory is nearly full: ${bytes(rssBytes)} of ${bytes(limitBytes)} that the process may use`)
  }
  if (heapUsedBytes > fullShare * heapLimitBytes) {
    tell('warning', 'memory-nearly-full', `The heap of the main thread is nearly full: ${bytes(heapUsedBytes)} of ${bytes(heapLimitBytes)}`)
  }
  return found.sort((a, b) => Number(b.severity === 'error') - Number(a.severity === 'error'))
}

function bytes(size: number): string {
  return size < 1e9 ? `${number(Math.round(size / 1e6))} MB` : `${number(size / 1e9)} GB`
}
