/** Problems that need a person's attention, for the top of the dashboard. */
import type * as v from 'valibot'
import type { SystemSums, WorkerGlance } from '../../actors/system/status.js'
import type { Quota } from '../contract/quota.js'
import type { attention } from '../contract/worker.js'
import type { Some } from './in-order.js'

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
export type Seen = Pick<WorkerGlance, 'id' | 'state' | 'reason' | 'progress' | 'breaker' | 'heldBy'>

/** Which workers need it, by kind. */
export const noted = {
  blacklisted: ({ state }: Seen) => state === 'blacklisted',
  stuck: ({ state }: Seen) => state === 'stuck',
  crashing: ({ state }: Seen) => state === 'backoff' || state === 'crashed',
  'breaker-open': ({ breaker }: Seen) => breaker !== null,
  'dead-tasks': ({ progress }: Seen) => progress !== null && progress.dead > 0,
  'held-elsewhere': ({ heldBy }: Seen) => heldBy !== null,
} satisfies Partial<Record<Kind, (worker: Seen) => boolean>>

export type Noted = keyof typeof noted

/** The workers that need it, and those that wait for a quota. */
export interface About {
  about(kind: Noted): Some<Seen>
  parkedOn(quota: string): Some<Seen>
}

const nobody: Some<Seen> = { size: 0, first: () => [] }

/** @param down the topmost of the supervisors that are down */
export function attentionOf(
  status: Pick<SystemSums, 'state' | 'dead'>,
  workers: About,
  down: readonly { supervisor: string; reason: string }[],
  quotas: readonly Quota[],
): Attention[] {
  const found: Attention[] = []
  const tell = (kind: Kind, message: string, about: Some<Seen>, more: { count?: number; quota?: string } = {}): void => {
    const named = about.first(mostNamed).map(({ worker }) => worker.id)
    found.push({ kind, severity: severities[kind], message, workers: named, count: more.count ?? about.size, quota: more.quota ?? null })
  }
  const those = (kind: Noted, say: (n: number, first: Seen) => string): void => {
    const about = workers.about(kind)
    const [first] = about.first(1)
    if (first) tell(kind, say(about.size, first.worker), about)
  }

  if (status.state === 'failed') tell('store-failed', 'The store is gone: workers are being stopped', nobody)
  those('blacklisted', (n, { reason }) => `${workersAre(n)} given up: ${reason}`)
  those('stuck', (n, { reason }) => `${workersAre(n)} stuck: ${reason}`)
  those('crashing', (n, { reason }) => `${workersAre(n)} being restarted: ${reason}`)
  those('breaker-open', (n, { breaker }) => `${workersAre(n)} held back because attempts keep failing: ${breaker?.error.message}`)
  const { dead } = status
  if (dead > 0)
    tell('dead-tasks', `${dead} ${dead === 1 ? 'task was' : 'tasks were'} given up`, workers.about('dead-tasks'), { count: dead })
  those('held-elsewhere', (n) => `${workersAre(n)} held by another host`)
  for (const { supervisor, reason } of down) tell('supervisor-down', `Supervisor ${supervisor} is down: ${reason}`, nobody)
  for (const quota of quotas) {
    const parked = workers.parkedOn(quota.name)
    if (quota.retired)
      tell('quota-retired', `The key of quota ${quota.name} is retired: ${quota.retired.reason}`, parked, { quota: quota.name })
    else if (parked.size > 0)
      tell('quota-spent', `Quota ${quota.name} is spent; ${workersAre(parked.size)} parked`, parked, { quota: quota.name })
  }
  return found.sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind))
}

function workersAre(n: number): string {
  return n === 1 ? '1 worker is' : `${n} workers are`
}
