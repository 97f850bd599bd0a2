import type { ActorRefFrom } from 'xstate'
import type { LifecycleEvent, LifecycleInput } from '../../machines/lifecycle/contract.js'
import type { workerLifecycle } from '../../machines/lifecycle/machine.js'
import type { RestartWindow } from '../../machines/supervision/restart-window.js'
import type { Answer, ChildDown, SiblingPhase, SupervisorEnd, SupervisorState } from '../../machines/supervision/rules.js'
import type { StartOrder } from '../../machines/supervision/start-order.js'
import type { Stoppable, StopSequence } from '../../machines/supervision/stop-sequence.js'
import type { SupervisorNode, TreeNode } from '../../options/tree.js'

export type WorkerRef = ActorRefFrom<typeof workerLifecycle>

/** Whoever takes a supervisor's events. */
export interface SupervisorRef {
  send(event: SupervisorEvent): void
  getSnapshot(): { value: unknown; context: Pick<SupervisorContext, 'sequence' | 'parent' | 'node' | 'refs'> }
}

/** A worker as its supervisor deals with it. */
export interface SupervisedWorker extends Stoppable {
  readonly phase: SiblingPhase
  /** It completed a `run` of its own, which can be started over. */
  readonly hasRun: boolean
  lifecycleInput(): LifecycleInput
  /** Comes before the first event. */
  attach(ref: WorkerRef, supervisor: SupervisorRef): void
  tell(event: LifecycleEvent): void
  /** Starts it as it was started before; until that has had its effect it does not count as settled. */
  startAgain(): void
  /** Its supervisor is up again: it may come back by itself, should there be something to do. */
  allow(): void
}

export interface SupervisionEffects {
  /** Monotonic ms. */
  now(): number
  order: StartOrder
  worker(id: string): SupervisedWorker
  entered(supervisor: string, state: SupervisorState, reason: string): void
  /** A failure that nobody below could answer has reached the root. */
  escalated(from: string, reason: string): void
}

export type SupervisorEvent =
  /** A worker somewhere below has another phase. */
  | { type: 'MOVED'; worker: string }
  | ({ type: 'CHILD_DOWN' } & ChildDown)
  /** Its own supervisor takes all its workers down. */
  | { type: 'HALT'; then: 'up' | 'down'; why: string }
  /** Its own supervisor restarts it. Answered by CHILD_AGAIN. */
  | { type: 'AGAIN' }
  /** A supervisor below has told its workers to start again. */
  | { type: 'CHILD_AGAIN'; child: string }
  /** A worker below is started by hand. */
  | { type: 'REVIVE' }
  /** Its own supervisor has heard of its end. */
  | { type: 'TOLD' }
  | ({ type: 'ADOPT' } & Adoption)
  | { type: 'DISOWN'; child: string }
  /** Ends the actors of some of its children: the system is closed. */
  | { type: 'DISMISS'; most: number }

export interface SupervisorInput {
  node: SupervisorNode
  effects: SupervisionEffects
  /** Its children come later, by ADOPT. */
  vacant: boolean
  /** null: it is the system's own, one for one, which never gives up; what it cannot answer goes out as an escalation. */
  parent: SupervisorRef | null
}

export interface SupervisorContext extends SupervisorInput {
  refs: Record<string, WorkerRef | SupervisorRef>
  window: RestartWindow
  /** The child that went down last, and the answer. */
  down: ChildDown | null
  answer: Answer
  sequence: StopSequence<SupervisedWorker> | null
  /** The child, a supervisor, that is about to start its workers again. */
  awaited: string | null
  /** Why it goes down, until it is up again; null also where its own supervisor halted it. */
  end: { how: SupervisorEnd; why: string } | null
  /** Its own children that it had running when it went down. */
  wereRunning: string[]
  /** A worker was started by hand while it went down. */
  revived: boolean
  reason: string
}

/** Under this name the actor system knows the supervisor. */
export function supervisorAddress(id: string): string {
  return `supervisor ${id}`
}

export interface Adoption {
  nodes: readonly TreeNode[]
  /** Supervisors among them come without their children, who follow. */
  vacant: boolean
}
