/** Passes on XState's inspection events, to Stately's tools or to a log. */
import type { AnyActorRef, InspectionEvent as XStateEvent } from 'xstate'

/** The common part of XState's inspection events; see https://stately.ai/docs/inspection. */
export interface InspectionEvent {
  type: '@xstate.actor' | '@xstate.event' | '@xstate.snapshot' | '@xstate.microstep' | '@xstate.action'
  /** Session id of the root actor. */
  rootId: string
  actorRef: { sessionId: string; id?: string }
  /** The sent event. */
  event?: { type: string }
  /** The actor's state after it. */
  snapshot?: unknown
}

/** A function, or an observer such as Stately's inspectors. `Event` is the observer's own type of XState's events. */
export type InspectionObserver<Event = InspectionEvent> =
  | ((event: Event) => void)
  | {
      /** Called with each event. */
      next?: ((event: Event) => void) | undefined
    }

/**
 * Passes every existing actor to an observer, as if it had just begun, and then every event and transition. An observer that
 * throws is removed: it is called in the middle of transitions, which must not fail.
 *
 * @param onThrow called with its error
 * @returns a function that removes the observer
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
