/** Which address shows which view. */
import type { JSX } from 'preact'
import Blacklist from '../views/blacklist.js'
import Events from '../views/events.js'
import Failures from '../views/failures.js'
import HealthView from '../views/health.js'
import Logs from '../views/logs.js'
import Overview from '../views/overview.js'
import QuotaView from '../views/quota.js'
import Quotas from '../views/quotas.js'
import Results from '../views/results.js'
import SettingsView from '../views/settings.js'
import TaskView from '../views/task.js'
import Tasks from '../views/tasks.js'
import TreeView from '../views/tree.js'
import WorkerView from '../views/worker.js'
import Workers from '../views/workers.js'
import { match, type Params, type Query } from './router.js'

export type View = (props: { params: Params; query: Query }) => JSX.Element

/** The first that matches. `:name` is one segment. */
const routes: [pattern: string, view: View][] = [
  ['/', Overview],
  ['/workers', Workers],
  ['/workers/:id', WorkerView],
  ['/tree', TreeView],
  ['/quotas', Quotas],
  ['/quotas/:name', QuotaView],
  ['/tasks', Tasks],
  ['/tasks/:dataset/:key', TaskView],
  ['/results', Results],
  ['/events', Events],
  ['/events/failures', Failures],
  ['/events/blacklist', Blacklist],
  ['/logs', Logs],
  ['/health', HealthView],
  ['/settings', SettingsView],
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
  ['/health', 'Health'],
  ['/settings', 'Settings'],
]

export function viewOf(path: string): { View: View; params: Params } | null {
  for (const [pattern, View] of routes) {
    const params = match(pattern, path)
    if (params) return { View, params }
  }
  return null
}
