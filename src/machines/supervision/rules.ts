/**
 * The rules of supervision as Erlang/OTP's `supervisor` has them, as pure functions over plain data: who may start before whom,
 * who goes down with whom, and when a supervisor has had enough. `docs/supervision.md` has the cases side by side.
 */

import { isSupervisor, nodeId, type SupervisorNode, type TreeNode, workersOf } from '../../options/tree.js'
import type { WorkerEnd } from '../lifecycle/contract.js'

/**
 * What a worker is about, as far as its siblings are concerned:
 *
 * - `down`: it does not want to run
 * - `wanted`: it is to run, and is not let yet
 * - `queued`: waits for a slot
 * - `starting`: its thread is not ready
 * - `up`: ready; also one that is parked, or paused
 * - `waiting`: in backoff
 * - `falling`: its thread is on its way out
 */
export type SiblingPhase = 'down' | 'wanted' | 'queued' | 'starting' | 'up' | 'waiting' | 'falling'

const unfinished: readonly SiblingPhase[] = ['wanted', 'queued', 'starting', 'waiting', 'falling']

/**
 * Whether a child may start now, as far as its siblings are concerned. Children start in order: each when those before it are
 * ready, or down for good. Under `one-for-one`, where none depends on another, one that waits for a slot, or in backoff, holds up
 * nobody; under `one-for-all` nobody starts while another is in backoff or on its way out. A supervisor that is bringing its children
 * down is on its way out too, whatever is left of them.
 *
 * @param falling supervisors that bring children down
 */
export function mayStart(
  { strategy, children }: SupervisorNode,
  child: string,
  phase: (worker: string) => SiblingPhase,
  falling: ReadonlySet<string> = new Set(),
): boolean {
  let blockers: readonly SiblingPhase[] = strategy === 'one-for-one' ? ['wanted', 'starting'] : unfinished
  for (const each of children) {
    if (nodeId(each) === child) {
      if (strategy !== 'one-for-all') return true
      blockers = ['waiting', 'falling']
    } else if (isSupervisor(each)) {
      if (falling.has(each.id) && blockers.includes('falling')) return false
      if (workersOf(each).some((worker) => blockers.includes(phase(worker)))) return false
    } else if (blockers.includes(phase(each.worker))) return false
  }
  return true
}

/** The children that are restarted with one that failed, itself left out, in order. */
function restartedWith({ strategy, children }: SupervisorNode, failed: string): TreeNode[] {
  if (strategy === 'one-for-one') return []
  const place = children.findIndex((child) => nodeId(child) === failed)
  return children.filter((_, index) => (strategy === 'one-for-all' ? index !== place : index > place))
}

/** Whether children depend on each other: none may be missing while others run. */
function together({ strategy }: SupervisorNode): boolean {
  return strategy !== 'one-for-one'
}

/** Whether a supervisor shuts itself down because this child ended by itself and is not restarted. */
function shutsDown({ autoShutdown, children }: SupervisorNode, ended: string, phase: (worker: string) => SiblingPhase): boolean {
  const significant = children.filter((child) => child.significant)
  if (autoShutdown === 'never' || !significant.some((child) => nodeId(child) === ended)) return false
  if (autoShutdown === 'any-significant') return true
  return significant.every((child) => nodeId(child) === ended || workersOf(child).every((worker) => phase(worker) === 'down'))
}

/** What a supervisor does:
 *
 * - `up`: its children live as they should
 * - `restarting`: brings down, in reverse order, those that are restarted with a child that failed; none starts meanwhile
 * - `stopping`: gives up or shuts down, and brings down its children
 * - `down`: has given up or shut down; goes up again when one of its workers is started
 */
export type SupervisorState = 'up' | 'restarting' | 'stopping' | 'down'

/** Why a supervisor went down: it had too many failures; it can never be whole again; or a significant child ended. */
export type SupervisorEnd = 'failed' | 'given-up' | 'shut-down'

/** What a child tells its supervisor: a worker crashed and wants to be restarted, or somebody below has ended by itself. */
export interface ChildDown {
  child: string
  how: 'crashed' | WorkerEnd | SupervisorEnd
  why: string
}

/** What a supervisor does about it. */
export type Answer =
  | { do: 'nothing' }
  /** The child is restarted, and these children with it. */
  | { do: 'restart'; along: TreeNode[] }
  /** The supervisor goes down, and its own supervisor is told. */
  | { do: 'end'; how: SupervisorEnd; why: string }
  /** The root passes it on to whoever runs the system. */
  | { do: 'escalate'; why: string }

/** What is known beside the tree. */
export interface Circumstances {
  /** It is the root: one for one, without a limit, and nothing is above it. */
  isRoot: boolean
  phase: (worker: string) => SiblingPhase
  /** Counts a restart. Answers how many that makes within the intensity's window, if these are too many; else null. */
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
    return { do: 'end', how: 'failed', why: `${tooMany} restarts within ${withinMs} ms, the last of ${child}: ${why}` }
  }
  if (how === 'escalated') return { do: 'end', how: 'failed', why: `${child} escalated: ${why}` }
  if (how === 'given-up' && together(supervisor)) return { do: 'end', how: 'given-up', why: `${child} was given up: ${why}` }
  if (shutsDown(supervisor, child, phase)) return { do: 'end', how: 'shut-down', why: `its significant child ${child} ended: ${why}` }
  return { do: 'nothing' }
}
