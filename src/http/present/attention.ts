/** Problems that need a person's attention, for the top of the dashboard. */
import type * as v from 'valibot'
import type { SystemSums, WorkerGlance } from '../../actors/system/status.js'
import type { Quota } from '../contract/quota.js'
import type { attention } from '../contract/worker.js'

type Attention = v.InferOutput<typeof attention>
type Kind = Attention['kind']

/** The most workers named. */
const mostNamed = 20

const severities: Record<Kind, Attention['severity']> = {
  'store-failed': 'error',
  blacklisted: 'error',
  stuck: 'error',
  'quota-retired': 'error',
  'supervisor-down': 'error',
  crashing: 'warning',
  'breaker-open': 'warning',
  'dead-tasks': 'warning',
  'quota-spent': 'info',
  'held-elsewhere': 'info',
}
/** The worst first. */
const order = Object.keys(severities) as Kind[]

/** The fields of a worker that may need attention. */
export type Seen = Omit<WorkerGlance, 'quotas' | 'enabled' | 'ratePerMinute' | 'until'>

/** @param down the topmost of the supervisors that are down */
export function attentionOf(
  status: Pick<SystemSums, 'state' | 'dead'>,
  workers: readonly Seen[],
  down: readonly { supervisor: string; reason: string }[],
  quotas: readonly Quota[],
): Attention[] {
  const found: Attention[] = []
  const tell = (kind: Kind, message: string, about: readonly Seen[], more: { count?: number; quota?: string } = {}): void => {
    const named = about.slice(0, mostNamed).map(({ id }) => id)
    found.push({ kind, severity: severities[kind], message, workers: named, count: more.count ?? about.length, quota: more.quota ?? null })
  }
  const those = (kind: Kind, matching: (worker: Seen) => boolean, say: (n: number, first: Seen) => string): void => {
    const about = workers.filter(matching)
    if (about[0]) tell(kind, say(about.length, about[0]), about)
  }

  if (status.state === 'failed') tell('store-failed', 'The store is gone: workers are being stopped', [])
  those(
    'blacklisted',
    ({ state }) => state === 'blacklisted',
    (n, { reason }) => `${workersAre(n)} given up: ${reason}`,
  )
  those(
    'stuck',
    ({ state }) => state === 'stuck',
    (n, { reason }) => `${workersAre(n)} stuck: ${reason}`,
  )
  those(
    'crashing',
    ({ state }) => state === 'backoff' || state === 'crashed',
    (n, { reason }) => `${workersAre(n)} being restarted: ${reason}`,
  )
  those(
    'breaker-open',
    ({ breaker }) => breaker !== null,
    (n, { breaker }) => `${workersAre(n)} held back because attempts keep failing: ${breaker?.error.message}`,
  )
  const withDead = workers.filter(({ progress }) => progress && progress.dead > 0)
  if (status.dead > 0)
    tell('dead-tasks', `${status.dead} ${status.dead === 1 ? 'task was' : 'tasks were'} given up`, withDead, { count: status.dead })
  those(
    'held-elsewhere',
    ({ heldBy }) => heldBy !== null,
    (n) => `${workersAre(n)} held by another host`,
  )
  for (const { supervisor, reason } of down) tell('supervisor-down', `Supervisor ${supervisor} is down: ${reason}`, [])
  const allParked = workers.filter(({ state }) => state === 'parked')
  for (const quota of quotas) {
    const takers = new Set(allParked.length > 0 ? quota.workers : [])
    const parked = allParked.filter(({ id }) => takers.has(id))
    if (quota.retired)
      tell('quota-retired', `The key of quota ${quota.name} is retired: ${quota.retired.reason}`, parked, { quota: quota.name })
    else if (parked.length > 0)
      tell('quota-spent', `Quota ${quota.name} is spent; ${workersAre(parked.length)} parked`, parked, { quota: quota.name })
  }
  return found.sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind))
}

function workersAre(n: number): string {
  return n === 1 ? '1 worker is' : `${n} workers are`
}
