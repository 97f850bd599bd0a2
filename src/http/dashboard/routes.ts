/** Which address shows which view. */
import type { JSX } from 'preact'
import { match, type Params, type Query } from './router.js'
import Overview from './views/overview.js'
import TreeView from './views/tree.js'
import WorkerView from './views/worker.js'
import Workers from './views/workers.js'

export type View = (props: { params: Params; query: Query }) => JSX.Element

/** The first that matches. `:name` is one segment. */
const routes: [pattern: string, view: View][] = [
  ['/', Overview],
  ['/workers', Workers],
  ['/workers/:id', WorkerView],
  ['/tree', TreeView],
]

/** What the navigation offers. */
export const places: [path: string, name: string][] = [
  ['/', 'Overview'],
  ['/workers', 'Workers'],
  ['/tree', 'Tree'],
  ['/quotas', 'Quotas'],
  ['/tasks', 'Tasks'],
  ['/results', 'Results'],
  ['/events', 'Events'],
  ['/logs', 'Logs'],
  ['/settings', 'Settings'],
]

export function viewOf(path: string): { View: View; params: Params } | null {
  for (const [pattern, View] of routes) {
    const params = match(pattern, path)
    if (params) return { View, params }
  }
  return null
}
