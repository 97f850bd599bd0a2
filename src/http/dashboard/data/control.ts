/** What can be done to workers, to whom, and how it is told: apart from the buttons, so that it can be tested. */
import type { ControlOutcome } from '../../contract/log.js'
import type { Worker } from '../../contract/worker.js'

type State = Worker['state']

/** Which workers are meant, as the API takes it: all that is given must hold. */
export interface Selection {
  workers?: string[]
  annotator?: string
  domain?: string
  supervisor?: string
  state?: State
}

/** Those that a set of buttons is about. */
export interface Chosen {
  /** As people say it: `annotator-1/urgency`, `12 workers`. */
  name: string
  selection: Selection
  /** The states they are in, as far as known: what none of them could do is not offered. */
  states?: readonly State[]
}

export type Action = 'start' | 'pause' | 'resume' | 'stop' | 'restart' | 'reset' | 'blacklist'

interface Wording {
  label: string
  /** What happens, for the dialog. */
  does: string
  /** Asked for even when it is about one worker. */
  asks: boolean
  danger: boolean
  /** Where it would do nothing. */
  notIn: readonly State[]
}

export const actions: Record<Action, Wording> = {
  start: {
    label: 'Start',
    does: 'Each queues for a slot and begins its tasks.',
    asks: false,
    danger: false,
    notIn: ['queued', 'starting', 'running', 'paused', 'stopping', 'blacklisted'],
  },
  pause: {
    label: 'Pause',
    does: 'No new tasks; those in hand go on, threads stay.',
    asks: false,
    danger: false,
    notIn: ['idle', 'paused', 'stopping', 'stopped', 'completed', 'blacklisted'],
  },
  resume: {
    label: 'Resume',
    does: 'Paused ones take tasks again.',
    asks: false,
    danger: false,
    notIn: [
      'idle',
      'queued',
      'starting',
      'running',
      'parked',
      'stuck',
      'crashed',
      'backoff',
      'blacklisted',
      'stopping',
      'stopped',
      'completed',
    ],
  },
  stop: {
    label: 'Stop',
    does: 'Tasks in hand are finished, then the threads end. They stay down until somebody starts them.',
    asks: true,
    danger: true,
    notIn: ['idle', 'stopping', 'stopped', 'completed', 'blacklisted'],
  },
  restart: {
    label: 'Restart',
    does: 'Tasks in hand are finished, the threads end, and new ones begin. Counts as no failure.',
    asks: true,
    danger: false,
    notIn: ['blacklisted', 'stopping'],
  },
  reset: {
    label: 'Reset',
    does: 'Failures are forgotten and a blacklisting is lifted. Only for workers that are down.',
    asks: true,
    danger: false,
    notIn: ['queued', 'starting', 'running', 'paused', 'parked', 'stuck', 'crashed', 'backoff', 'stopping'],
  },
  blacklist: {
    label: 'Blacklist',
    does: 'Tasks in hand are finished, then they are given up: they stay down, also in later runs, until they are reset.',
    asks: true,
    danger: true,
    notIn: ['blacklisted'],
  },
}

/** Why an action is not offered; null: it is. */
export function hindrance(action: Action, { states }: Pick<Chosen, 'states'>): string | null {
  if (!states || states.length === 0) return null
  const { notIn, label } = actions[action]
  if (states.some((state) => !notIn.includes(state))) return null
  return states.length === 1 ? `${label}: not while ${states[0]}` : `${label}: none of them is in a state for it`
}

/** What became of a call, in a sentence: how many did, and why the first one did not. */
export function outcomeOf(action: Action, outcomes: readonly ControlOutcome[]): string {
  const refused = outcomes.filter(({ ok }) => !ok)
  const done = outcomes.length - refused.length
  const { label } = actions[action]
  if (outcomes.length === 0) return `${label}: nobody was meant`
  const first = refused[0]
  if (!first) return outcomes.length === 1 ? `${outcomes[0]?.worker}: ${outcomes[0]?.message}` : `${label}: ${done} workers`
  const why = `${first.worker}: ${first.message}`
  return outcomes.length === 1 ? why : `${label}: ${done} of ${outcomes.length} workers; ${why}`
}
