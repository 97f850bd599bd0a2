/** Problems that need a person's attention, for the top of the dashboard. */
import type * as v from 'valibot'
import type { SystemSums, WorkerGlance } from '../../actors/system/status.js'
import { number, plural } from '../../values/count.js'
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

/** The most workers whose reasons are read, and the most reasons that are told. */
const mostRead = 1_000
const mostReasons = 3

interface Reason {
  reason: string
  count: number
  workers: string[]
}

/** What workers say, the most frequent first. */
function reasonsOf(about: Some<Seen>, say: (worker: Seen) => string): Reason[] {
  const reasons = new Map<string, Reason>()
  for (const { worker } of about.first(mostRead)) {
    const reason = say(worker)
    const known = reasons.get(reason)
    if (!known) reasons.set(reason, { reason, count: 1, workers: [worker.id] })
    else if (++known.count <= mostReasons) known.workers.push(worker.id)
  }
  return [...reasons.values()].sort((a, b) => b.count - a.count)
}

/** One reason as it is; of several, each with its count. */
function inWords(reasons: readonly Reason[], size: number): string {
  if (reasons[0]?.count === size) return reasons[0].reason
  const rest = size - reasons.reduce((sum, { count }) => sum + count, 0)
  return [
    ...reasons.map(({ reason, count }) => `${number(count)} ${reason}`),
    ...(rest > 0 ? [`${number(rest)} for other reasons`] : []),
  ].join('; ')
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
  const tell = (
    kind: Kind,
    message: string,
    about: Some<Seen>,
    more: { count?: number; quota?: string; reasons?: Reason[] } = {},
  ): void => {
    const named = about.first(mostNamed).map(({ worker }) => worker.id)
    const { count = about.size, quota = null, reasons = [] } = more
    found.push({ kind, severity: severities[kind], message, reasons, workers: named, count, quota })
  }
  const those = (kind: Noted, what: string, say: (worker: Seen) => string): void => {
    const about = workers.about(kind)
    if (about.size === 0) return
    const reasons = reasonsOf(about, say).slice(0, mostReasons)
    tell(kind, `${workersAre(about.size)} ${what}: ${inWords(reasons, about.size)}`, about, { reasons })
  }

  if (status.state === 'failed') tell('store-failed', 'The store is gone: workers are being stopped', nobody)
  those('blacklisted', 'given up', ({ reason }) => reason)
  those('stuck', 'stuck', ({ reason }) => reason)
  those('crashing', 'being restarted', ({ reason }) => reason)
  those('breaker-open', 'held back because attempts keep failing', ({ breaker }) => breaker?.error.message ?? '')
  const { dead } = status
  if (dead > 0) tell('dead-tasks', `${plural(dead, 'task was', 'tasks were')} given up`, workers.about('dead-tasks'), { count: dead })
  const held = workers.about('held-elsewhere')
  if (held.size > 0) tell('held-elsewhere', `${workersAre(held.size)} held by another host`, held)
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

const workersAre = (n: number): string => plural(n, 'worker is', 'workers are')
