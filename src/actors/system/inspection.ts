/** Hands XState's inspection events on, to Stately's tools or to a log of one's own. */
import type { AnyActorRef, InspectionEvent as XStateEvent } from 'xstate'

/** One of XState's inspection events, as far as it is the same for all; see https://stately.ai/docs/inspection. */
export interface InspectionEvent {
  type: '@xstate.actor' | '@xstate.event' | '@xstate.snapshot' | '@xstate.microstep' | '@xstate.action'
  /** Session id of the root actor. */
  rootId: string
  actorRef: { sessionId: string; id?: string }
  /** What was sent. */
  event?: { type: string }
  /** The actor's state after it. */
  snapshot?: unknown
}

/** A function, or an observer as Stately's inspectors are. `Event` is whatever type XState's events have there. */
export type InspectionObserver<Event = InspectionEvent> =
  | ((event: Event) => void)
  | {
      /** Told of each event. */
      next?: ((event: Event) => void) | undefined
    }

/**
 * Tells an observer of every actor there is, as if they had just begun, and from then on of every event and transition. One that throws
 * is told no more: it is called in the middle of transitions, which must not fail with it.
 *
 * @param onThrow told of what it threw
 * @returns ends it
 */
export function inspectActors<Event>(
  root: AnyActorRef,
  observer: InspectionObserver<Event>,
  onThrow: (error: unknown) => void,
): () => void {
  let ended = false
  const tell = (event: XStateEvent): void => {
    if (ended) return
    try {
      if (typeof observer === 'function') observer(event as Event)
      else observer.next?.(event as Event)
    } catch (error) {
      ended = true
      onThrow(error)
    }
  }
  const rootId = root.sessionId
  const announce = (actorRef: AnyActorRef): void => {
    const snapshot = actorRef.getSnapshot()
    tell({ type: '@xstate.actor', actorRef, rootId })
    tell({ type: '@xstate.snapshot', actorRef, rootId, event: { type: '@xstate.init' }, snapshot })
    for (const child of Object.values((snapshot as { children?: Record<string, AnyActorRef> }).children ?? {})) announce(child)
  }
  announce(root)
  const { unsubscribe } = root.system.inspect(tell)
  return () => {
    ended = true
    unsubscribe()
  }
}
