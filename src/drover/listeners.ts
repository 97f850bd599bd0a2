/** Checks listeners: a value that is not callable, or an unknown event, is refused. */
import { eventNames } from '../events/event-names.js'
import { argumentError, checkFunction } from '../validation/arguments.js'
import { closest } from '../values/closest.js'

/** @throws DroverError ARGUMENT_INVALID */
export function checkListening(event: unknown, listener: unknown): void {
  if (!eventNames.includes(event as string)) {
    const meant = typeof event === 'string' ? closest(event, eventNames) : undefined
    throw argumentError('the event', `one of those in docs/events.md${meant === undefined ? '' : ` (did you mean ${meant}?)`}`, event)
  }
  checkFunction('the listener', listener)
}

/** @throws DroverError ARGUMENT_INVALID */
export function checkObserver(observer: unknown): void {
  if (typeof observer === 'function') return
  if (typeof observer !== 'object' || observer === null) throw argumentError('the observer', 'a function or an object', observer)
  const { next } = observer as { next?: unknown }
  if (next !== undefined) checkFunction('next of the observer', next)
}
