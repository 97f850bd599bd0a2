/**
 * The rules of supervision as Erlang/OTP's `supervisor` has them, as pure functions over plain data: which child may start, which
 * children restart together, and when a supervisor gives up. `docs/supervision.md` compares the cases.
 */

import {
  firstWorker,
  isSupervisor,
  nodeId,
  type SupervisorNode,
  type SupervisorStrategy,
  type TreeNode,
  workersOf,
} from '../../options/tree.js'
import { plural } from '../../values/count.js'
import { duration } from '../../values/duration.js'
import type { WorkerEnd } from '../lifecycle/contract.js'

export type { SupervisorState } from './supervisor-state.js'

/**
 * The phase of a worker, as its siblings see it:
 *
 * - `down`: not wanted
 * - `wanted`: should run, but may not start yet
 * - `queued`: waits for a slot
 * - `starting`: its thread is not ready
 * - `up`: ready, parked or paused
 * - `waiting`: in backoff
 * - `falling`: its thread is ending
 */
export type SiblingPhase = 'down' | 'wanted' | 'queued' | 'starting' | 'up' | 'waiting' | 'falling'

const unfinished: readonly SiblingPhase[] = ['wanted', 'queued', 'starting', 'waiting', 'falling']

/**
 * The first worker or supervisor that keeps a child of a supervisor from starting now; null: its siblings let it start. Children
 * start in order: each when the children before it are ready or down for good. Under `one-for-one`, where none depends on another,
 * a child that is queued or in backoff does not delay the others. Under `one-for-all`, no child starts while another is in backoff or falling. A supervisor that is bringing its children down counts
 * as falling too. The instances of a worker do not wait for each other.
 *
 * @param falling supervisors that bring children down
 */
export function blockerOf(
  { strategy, children, instances }: SupervisorNode,
  child: string,
  phase: (worker: string) => SiblingPhase,
  falling: ReadonlySet<string>,
): string | null {
  if (instances) return null
  let comesBefore = true
  for (const each of children) {
    if (nodeId(each) === child) {
      if (strategy !== 'one-for-all') return null
      comesBefore = false
    } else {
      if (isSupervisor(each) && falling.has(each.id) && blocks(strategy, 'falling', comesBefore)) return each.id
      const blocker = firstWorker(each, (worker) => blocks(strategy, phase(worker), comesBefore))
      if (blocker !== null) return blocker
    }
  }
  return null
}

/** Whether a worker in this phase keeps a sibling from starting. @param comesBefore whether it is before the sibling in the order */
export function blocks(strategy: SupervisorStrategy, phase: SiblingPhase, comesBefore: boolean): boolean {
  if (!comesBefore) return strategy === 'one-for-all' && (phase === 'waiting' || phase === 'falling')
  return strategy === 'one-for-one' ? phase === 'wanted' || phase === 'starting' : unfinished.includes(phase)
}

/** The other children that restart with a failed one, in order. */
function restartedWith({ strategy, children }: SupervisorNode, failed: string): TreeNode[] {
  if (strategy === 'one-for-one') return []
  const place = children.findIndex((child) => nodeId(child) === failed)
  return children.filter((_, index) => (strategy === 'one-for-all' ? index !== place : index > place))
}

/** Whether children depend on each other: all must run, or none. */
function together({ strategy }: SupervisorNode): boolean {
  return strategy !== 'one-for-one'
}

/** Whether the end of this child, which is not restarted, shuts the supervisor down. */
function shutsDown({ autoShutdown, children }: SupervisorNode, ended: string, phase: (worker: string) => SiblingPhase): boolean {
  const significant = children.filter((child) => child.significant)
  if (autoShutdown === 'never' || !significant.some((child) => nodeId(child) === ended)) return false
  if (autoShutdown === 'any-significant') return true
  return significant.every((child) => nodeId(child) === ended || workersOf(child).every((worker) => phase(worker) === 'down'))
}

/** Why a supervisor went down: too many failures; a child it needs was given up; or a significant child ended. */
export type SupervisorEnd = 'failed' | 'given-up' | 'shut-down'

/** A child's report to its supervisor: a worker crashed and should restart, or a child has ended by itself. */
export interface ChildDown {
  child: string
  how: 'crashed' | WorkerEnd | SupervisorEnd
  why: string
}

/** A supervisor's answer. */
export type Answer =
  | { do: 'nothing' }
  /** Restart the child, and these children with it. */
  | { do: 'restart'; along: TreeNode[] }
  /** The supervisor goes down and reports to its parent. */
  | { do: 'end'; how: SupervisorEnd; why: string }
  /** The root escalates to the program. */
  | { do: 'escalate'; why: string }

/** Facts besides the tree. */
export interface Circumstances {
  /** Whether it is the root: one-for-one, without a limit, and without a supervisor. */
  isRoot: boolean
  phase: (worker: string) => SiblingPhase
  /** Counts a restart. Returns the number within the intensity's window if it is too high; else null. */
  countRestart: () => number | null
}

/**
 * A supervisor's answer to a child that went down.
 *
 * @see OTP `supervisor`: "Restart Strategies", "Maximum Restart Intensity", "Automatic Shutdown"; a supervisor that gives up exits
 * with reason `shutdown`, so that only a permanent one is restarted by its own
 */
export function answerTo(supervisor: SupervisorNode, { child, how, why }: ChildDown, circumstances: Circumstances): Answer {
  const { isRoot, phase, countRestart } = circumstances
  const own = supervisor.children.find((each) => nodeId(each) === child)
  if (!own) return { do: 'nothing' }
  const comesBack = how === 'crashed' || (isSupervisor(own) && own.mode === 'permanent' && how !== 'given-up')
  if (isRoot) {
    if (how === 'crashed') return { do: 'restart', along: [] }
    const unanswered = how === 'escalated' || how === 'failed' || (how === 'given-up' && isSupervisor(own))
    return unanswered ? { do: 'escalate', why } : { do: 'nothing' }
  }
  if (comesBack) {
    const tooMany = countRestart()
    if (tooMany === null) return { do: 'restart', along: restartedWith(supervisor, child) }
    const { withinMs } = supervisor.intensity
    return { do: 'end', how: 'failed', why: `${plural(tooMany, 'restart')} within ${duration(withinMs)}, the last of ${child}: ${why}` }
  }
  // The instances of a worker never fail by their number.
  const isEscalated = how === 'escalated' || (how === 'failed' && isSupervisor(own) && own.instances === true)
  if (isEscalated) return { do: 'end', how: 'failed', why: `${child} escalated: ${why}` }
  if (how === 'given-up' && together(supervisor)) return { do: 'end', how: 'given-up', why: `${child} was given up: ${why}` }
  if (shutsDown(supervisor, child, phase)) return { do: 'end', how: 'shut-down', why: `its significant child ${child} ended: ${why}` }
  return { do: 'nothing' }
}
