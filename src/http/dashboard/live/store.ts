/** A value that components can follow. */
import { useEffect, useRef, useState } from 'preact/hooks'

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

/** A selected part of a source; the component is rendered again only when the part changes. */
export function useSource<T>(subscribe: (listener: () => void) => () => void, read: () => T): T {
  const value = read()
  const [, render] = useState({})
  const latest = useRef({ read, value })
  latest.current = { read, value }
  useEffect(() => {
    const look = (): void => {
      const { read, value } = latest.current
      if (!Object.is(read(), value)) render({})
    }
    // It may have changed between rendering and here.
    look()
    return subscribe(look)
  }, [subscribe])
  return value
}

export const useStore = <T>(store: Store<T>): T => useSource(store.subscribe, store.get)
