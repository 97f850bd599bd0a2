/** A value that components can follow. */
import { useEffect, useState } from 'preact/hooks'

export interface Store<T> {
  get(): T
  set(value: T): void
  /** @returns ends it */
  subscribe(listener: () => void): () => void
}

export function createStore<T>(value: T): Store<T> {
  const listeners = new Set<() => void>()
  return {
    get: () => value,
    set: (next) => {
      if (Object.is(next, value)) return
      value = next
      for (const listener of [...listeners]) listener()
    },
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

/** What a component sees of a source: rendered again only when the selected part is another one. */
export function useSource<T>(subscribe: (listener: () => void) => () => void, read: () => T): T {
  const value = read()
  const [, render] = useState({})
  useEffect(() => {
    // It may have changed between rendering and here.
    let seen = value
    const look = (): void => {
      const now = read()
      if (Object.is(now, seen)) return
      seen = now
      render({})
    }
    look()
    return subscribe(look)
  })
  return value
}

export const useStore = <T>(store: Store<T>): T => useSource(store.subscribe, store.get)
