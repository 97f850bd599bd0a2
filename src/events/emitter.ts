import { EventEmitter } from 'eventemitter3'
import type { DroverEvents, EventName, Listener } from './event-map.js'

export type Guarded = (payload: unknown) => void

/** An emitter whose listeners cannot affect each other or the emitting code. */
export class Events {
  readonly #emitter = new EventEmitter<EventName>()
  readonly #guarded = new WeakMap<object, Map<EventName, Guarded>>()
  readonly #onThrow: (name: EventName, error: unknown) => void

  /** @param onThrow called with the error of a listener that threw or rejected */
  constructor(onThrow: (name: EventName, error: unknown) => void) {
    this.#onThrow = onThrow
  }

  on<Name extends EventName>(name: Name, listener: Listener<Name>): void {
    this.#emitter.on(name, this.#guard(name, listener))
  }

  once<Name extends EventName>(name: Name, listener: Listener<Name>): void {
    this.#emitter.once(name, this.#guard(name, listener))
  }

  off<Name extends EventName>(name: Name, listener: Listener<Name>): void {
    const guarded = this.#guarded.get(listener)?.get(name)
    if (guarded) this.#emitter.off(name, guarded)
  }

  emit<Name extends EventName>(name: Name, payload: DroverEvents[Name]): void {
    this.#emitter.emit(name, payload)
  }

  /** The same guard for the same listener and event, so that `off` finds it. */
  #guard<Name extends EventName>(name: Name, listener: Listener<Name>): Guarded {
    const byName = this.#guarded.get(listener) ?? new Map<EventName, Guarded>()
    this.#guarded.set(listener, byName)
    const known = byName.get(name)
    if (known) return known
    const guarded: Guarded = (payload) => {
      try {
        const returned: unknown = listener(payload as DroverEvents[Name])
        if (returned instanceof Promise) returned.catch((error: unknown) => this.#onThrow(name, error))
      } catch (error) {
        this.#onThrow(name, error)
      }
    }
    byName.set(name, guarded)
    return guarded
  }
}
