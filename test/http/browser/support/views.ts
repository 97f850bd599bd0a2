/** Every view of the dashboard, by its address and its heading, as the system of `herd.ts` fills it. */
export interface ViewCase {
  /** For the name of its picture. */
  name: string
  hash: string
  heading: string
}

export const views: ViewCase[] = [
  { name: 'overview', hash: '#/', heading: 'Overview' },
  { name: 'workers', hash: '#/workers', heading: 'Workers' },
  { name: 'worker-list', hash: '#/workers?view=list', heading: 'Workers' },
  { name: 'worker', hash: '#/workers/annotator-2%2Ftopic', heading: 'annotator-2/topic' },
  { name: 'tree', hash: '#/tree', heading: 'Tree' },
  { name: 'quotas', hash: '#/quotas', heading: 'Quotas' },
  { name: 'quota', hash: '#/quotas/key-1', heading: 'key-1' },
  { name: 'tasks', hash: '#/tasks', heading: 'Tasks' },
  { name: 'dead-tasks', hash: '#/tasks?state=dead', heading: 'Tasks' },
  { name: 'task', hash: '#/tasks/messages/amazon-3', heading: 'amazon-3' },
  { name: 'results', hash: '#/results', heading: 'Results' },
  { name: 'events', hash: '#/events', heading: 'Events' },
  { name: 'failures', hash: '#/events/failures', heading: 'Failures' },
  { name: 'blacklist', hash: '#/events/blacklist', heading: 'Blacklist' },
  { name: 'logs', hash: '#/logs', heading: 'Logs' },
  { name: 'health', hash: '#/health', heading: 'Health' },
  { name: 'settings', hash: '#/settings', heading: 'Settings' },
]

/** One that is about nothing in particular, so that it is there in any system. */
export const isPlain = ({ hash }: ViewCase): boolean => !/annotator-|key-|amazon-/.test(hash)
