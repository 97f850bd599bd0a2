import type { ActorRefFrom } from 'xstate'
import type { LifecycleEvent, LifecycleInput } from '../../machines/lifecycle/contract.js'
import type { workerLifecycle } from '../../machines/lifecycle/machine.js'
import type { RestartWindow } from '../../machines/supervision/restart-window.js'
import type { StartOrder } from '../../machines/supervision/start-order.js'
import type { Stoppable, StopSequence } from '../../machines/supervision/stop-sequence.js'
import type { Answer, ChildDown, SiblingPhase, SupervisorEnd, SupervisorState } from '../../machines/supervision/strategies.js'
import type { SupervisorNode, TreeNode } from '../../options/tree.js'

export type WorkerRef = ActorRefFrom<typeof workerLifecycle>

/** A receiver of a supervisor's events. */
export interface SupervisorRef {
  send(event: SupervisorEvent): void
  getSnapshot(): { value: unknown; context: Pick<SupervisorContext, 'sequence' | 'parent' | 'node' | 'refs'> }
}

/** A worker as its supervisor sees it. */
export interface SupervisedWorker extends Stoppable {
  readonly phase: SiblingPhase
  /** Whether it completed its own `run`, which can start over. */
  readonly hasRun: boolean
  lifecycleInput(): LifecycleInput
  /** Called before the first event. */
  attach(ref: WorkerRef, supervisor: SupervisorRef): void
  tell(event: LifecycleEvent): void
  /** Starts it as it was started before. Until this has its effect the worker does not count as settled. */
  startAgain(): void
  /** Its supervisor is up again: the worker may come back by itself if it has work. */
  allow(): void
}

export interface SupervisionEffects {
  /** Monotonic ms. */
  now(): number
  order: StartOrder
  worker(id: string): SupervisedWorker
  /** The child of a supervisor that a worker is, or is below. */
  childOf(supervisor: string, worker: string): TreeNode | undefined
  entered(supervisor: string, state: SupervisorState, reason: string): void
  /** A failure that no supervisor handled has reached the root. */
  escalated(from: string, reason: string): void
}

export type SupervisorEvent =
  /** A worker below has changed its phase. */
  | { type: 'MOVED'; worker: string }
  | ({ type: 'CHILD_DOWN' } & ChildDown)
  /** Its parent stops all its workers. */
  | { type: 'HALT'; then: 'up' | 'down'; why: string }
  /** Its parent restarts it. Answered by CHILD_AGAIN. */
  | { type: 'AGAIN' }
  /** A supervisor below has told its workers to start again. */
  | { type: 'CHILD_AGAIN'; child: string }
  /** A worker below is started by hand. */
  | { type: 'REVIVE' }
  /** Its parent knows of its end. */
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
  /** null: it is the system's own supervisor, one-for-one, which never gives up; failures it cannot handle are escalated. */
  parent: SupervisorRef | null
}

export interface SupervisorContext extends SupervisorInput {
  refs: Record<string, WorkerRef | SupervisorRef>
  window: RestartWindow
  /** The child that went down last, and the answer. */
  down: ChildDown | null
  answer: Answer
  sequence: StopSequence<SupervisedWorker> | null
  /** The child supervisor that is about to start its workers again. */
  awaited: string | null
  /** Why it goes down, until it is up again; null also if its parent halted it. */
  end: { how: SupervisorEnd; why: string } | null
  /** Its children that were running when it went down. */
  wereRunning: string[]
  /** A worker was started by hand while it went down. */
  revived: boolean
  reason: string
}

/** The supervisor's name in the actor system. */
export function supervisorAddress(id: string): string {
  return `supervisor ${id}`
}

export interface Adoption {
  nodes: readonly TreeNode[]
  /** Supervisors among them come without their children, which follow later. */
  vacant: boolean
}
