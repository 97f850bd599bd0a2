/** The current address within the dashboard, and navigation. */

import { createStore, useStore } from '../live/store.js'
import { href, type Location, parseHash } from './address.js'

export { href, match, type Params, pathOf, type Query } from './address.js'

const here = createStore<Location>(parseHash(globalThis.location?.hash ?? ''))
globalThis.addEventListener?.('hashchange', () => here.set(parseHash(globalThis.location.hash)))

export const useLocation = (): Location => useStore(here)

export function navigate(path: string, query: Record<string, string | number | undefined | null> = {}): void {
  location.hash = href(path, query)
}

/** Changes parts of the query and stays in the view; leaves no step in the history. */
export function setQuery(changes: Record<string, string | number | undefined | null>): void {
  const { path, query } = here.get()
  history.replaceState(null, '', href(path, { ...query, ...changes }))
  here.set(parseHash(location.hash))
}
