/** Hands XState's inspection events on, to Stately's tools or to a log of one's own. */
import type { AnyActorRef, InspectionEvent } from 'xstate'

/**
 * Tells an observer of every actor there is, as if they had just begun, and from then on of every event and transition.
 *
 * @returns ends it
 */
export function inspectActors(root: AnyActorRef, observer: (event: InspectionEvent) => void): () => void {
  const rootId = root.sessionId
  const announce = (actorRef: AnyActorRef): void => {
    const snapshot = actorRef.getSnapshot()
    observer({ type: '@xstate.actor', actorRef, rootId })
    observer({ type: '@xstate.snapshot', actorRef, rootId, event: { type: '@xstate.init' }, snapshot })
    for (const child of Object.values((snapshot as { children?: Record<string, AnyActorRef> }).children ?? {})) announce(child)
  }
  announce(root)
  const { unsubscribe } = root.system.inspect(observer)
  return unsubscribe
}
