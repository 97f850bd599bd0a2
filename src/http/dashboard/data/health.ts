/** Whether the ground is well, as the dashboard tells it. Pure. */
import type { Health, HealthTrouble } from '../../contract/health.js'
import { clock } from '../format.js'
import type { Attention } from './silence.js'
import type { Tone } from './tones.js'

/** What the overview does not tell by itself, as what needs attention. */
export function groundOf(health: Pick<Health, 'troubles'> | undefined): Attention[] {
  return (health?.troubles ?? [])
    .filter(({ kind }) => kind !== 'store-failed')
    .map((trouble) => ({ ...trouble, message: withSince(trouble), reasons: [], workers: [], count: 0, quota: null }))
}

/** What has happened and is over. */
const moments: readonly HealthTrouble['kind'][] = ['host-gone', 'store-unsound']

const withSince = ({ kind, message, since }: HealthTrouble): string =>
  since === null ? message : `${message} (${moments.includes(kind) ? 'at' : 'since'} ${clock(since)})`

/** Which part of the ground has trouble. */
const partOf = {
  'store-failed': 'store',
  'store-waits': 'store',
  'store-unread': 'store',
  'store-unsound': 'store',
  'disk-nearly-full': 'store',
  'host-gone': 'hosts',
  'host-silent': 'hosts',
  'loop-late': 'loop',
  'memory-nearly-full': 'process',
} as const satisfies Record<HealthTrouble['kind'], string>

export type Part = (typeof partOf)[HealthTrouble['kind']]

/** Whether it tells of the ground, so that the view of health says more. */
export const isOfGround = (kind: string): boolean => kind in partOf

/** How a part is. */
export function conditionOf(troubles: readonly HealthTrouble[], part: Part): { text: string; tone: Tone } {
  const own = troubles.filter(({ kind }) => partOf[kind] === part)
  if (own.length === 0) return { text: 'well', tone: 'ok' }
  return own.some(({ severity }) => severity === 'error') ? { text: 'broken', tone: 'bad' } : { text: 'not well', tone: 'warn' }
}

type Host = NonNullable<Health['hosts']>[number]

/** A host in a word. */
export function stateOfHost(host: Host, troubles: readonly HealthTrouble[]): { text: string; tone: Tone } {
  if (host.diedAt !== null) return { text: 'died', tone: 'bad' }
  if (host.gone) return { text: 'gone', tone: 'bad' }
  const isSilent = troubles.some(({ kind, since }) => kind === 'host-silent' && since === host.renewedAt)
  return isSilent ? { text: 'silent', tone: 'warn' } : { text: 'live', tone: 'ok' }
}
