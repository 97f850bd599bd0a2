/** Makes and ends the actors of a whole tree, a few in each turn, because there may be thousands. */
import type { ActorRefFrom } from 'xstate'
import { isSupervisor, type TreeNode } from '../../options/tree.js'
import { type SupervisorRef, supervisorAddress } from '../supervisor/contract.js'
import type { system } from './root-actor.js'

/** Actors in one turn: making or ending one takes as long as about ten events. */
const actorsInTurn = 20

/** Supervisors before their children. */
export function* staff(
  root: ActorRefFrom<typeof system>,
  nodes: readonly TreeNode[],
  supervisor = 'supervisor',
): Generator<void, void, void> {
  const ref = root.system.get(supervisor) as SupervisorRef
  for (let from = 0; from < nodes.length; from += actorsInTurn) {
    ref.send({ type: 'ADOPT', nodes: nodes.slice(from, from + actorsInTurn), vacant: true })
    yield
  }
  for (const node of nodes) if (isSupervisor(node)) yield* staff(root, node.children, supervisorAddress(node.id))
}

/** Children before their supervisors, the last supervisor first. */
export function* dismiss(
  root: ActorRefFrom<typeof system>,
  nodes: readonly TreeNode[],
  supervisor = 'supervisor',
): Generator<void, void, void> {
  for (const node of [...nodes].reverse()) if (isSupervisor(node)) yield* dismiss(root, node.children, supervisorAddress(node.id))
  const ref = root.system.get(supervisor) as SupervisorRef | undefined
  if (!ref) return
  for (let left = nodes.length; left > 0; left -= actorsInTurn) {
    ref.send({ type: 'DISMISS', most: actorsInTurn })
    yield
  }
}
