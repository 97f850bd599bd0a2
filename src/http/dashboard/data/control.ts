/** Actions on workers, their selection and their texts, without the buttons, so that they can be tested. */
import type { ControlOutcome } from '../../contract/log.js'
import type { Worker } from '../../contract/worker.js'
import { number, plural } from '../format.js'

type State = Worker['state']

/** Selects workers, in the form of the API: all given conditions must hold. */
export interface Selection {
  workers?: string[]
  annotator?: string
  domain?: string
  supervisor?: string
  state?: State
}

/** The workers of a set of buttons. */
export interface Chosen {
  /** As people say it: `annotator-1/urgency`, `12 workers`. */
  name: string
  selection: Selection
  /** Their states, as far as known: actions that none of them allows are not offered. */
  states?: readonly State[]
}

export type Action = 'start' | 'pause' | 'resume' | 'stop' | 'restart' | 'reset' | 'blacklist'

interface Wording {
  label: string
  /** What happens, for the dialog. */
  does: string
  /** Whether it asks first even for one worker. */
  asks: boolean
  danger: boolean
  /** States in which it has no effect. */
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
    does: 'No new tasks begin; tasks in hand continue, threads stay.',
    asks: false,
    danger: false,
    notIn: ['idle', 'paused', 'stopping', 'stopped', 'completed', 'blacklisted'],
  },
  resume: {
    label: 'Resume',
    does: 'Paused workers take tasks again.',
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
    does: 'Tasks in hand may finish, then the threads end. The workers stay down until they are started.',
    asks: true,
    danger: true,
    notIn: ['idle', 'stopping', 'stopped', 'completed', 'blacklisted'],
  },
  restart: {
    label: 'Restart',
    does: 'Tasks in hand may finish, the threads end, and new ones begin. Does not count as a failure.',
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
    does: 'Tasks in hand may finish, then the workers are given up: they stay down, also in later runs, until they are reset.',
    asks: true,
    danger: true,
    notIn: ['blacklisted'],
  },
}

/** The reason why an action is not offered; null: it is offered. */
export function hindrance(action: Action, { states }: Pick<Chosen, 'states'>): string | null {
  if (!states || states.length === 0) return null
  const { notIn, label } = actions[action]
  if (states.some((state) => !notIn.includes(state))) return null
  return states.length === 1 ? `${label}: not while ${states[0]}` : `${label}: no selected worker is in a state that allows it`
}

/** The outcome of a call in a sentence: the number of successes, and the reason of the first refusal. */
export function outcomeOf(action: Action, outcomes: readonly ControlOutcome[]): string {
  const refused = outcomes.filter(({ ok }) => !ok)
  const done = outcomes.length - refused.length
  const { label } = actions[action]
  if (outcomes.length === 0) return `${label}: no worker was selected`
  const first = refused[0]
  if (!first) return outcomes.length === 1 ? `${outcomes[0]?.worker}: ${outcomes[0]?.message}` : `${label}: ${plural(done, 'worker')}`
  const why = `${first.worker}: ${first.message}`
  return outcomes.length === 1 ? why : `${label}: ${number(done)} of ${plural(outcomes.length, 'worker')}; ${why}`
}
