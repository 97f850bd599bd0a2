/** What a search leads to: pages by name, workers by id, tasks by key. Pure. */
import type { TaskRecord } from '../../contract/task.js'
import { href, pathOf } from '../routing/address.js'

export interface Finding {
  kind: 'page' | 'worker' | 'task' | 'tasks'
  text: string
  /** What else is known of it. */
  more?: string
  /** The address. */
  to: string
}

interface Searched {
  typed: string
  places: readonly (readonly [path: string, name: string])[]
  /** Ids. */
  workers: readonly string[]
  /** Whose keys contain what is typed, as far as known. */
  tasks: readonly Pick<TaskRecord, 'dataset' | 'key'>[]
}

/** Of one kind. */
const most = 8

export function findingsOf({ typed, places, workers, tasks }: Searched): Finding[] {
  const text = typed.trim()
  const pages = matching(places, text, ([, name]) => name).map(([path, name]): Finding => ({ kind: 'page', text: name, to: href(path) }))
  if (text === '') return pages
  const found = matching(workers, text, (id) => id).map((id): Finding => ({ kind: 'worker', text: id, to: href(pathOf('workers', id)) }))
  const items = new Map(tasks.map(({ dataset, key }) => [pathOf('tasks', dataset, key), { dataset, key }]))
  return [
    ...pages.slice(0, most),
    ...found.slice(0, most),
    ...[...items].slice(0, most).map(([path, { dataset, key }]): Finding => ({ kind: 'task', text: key, more: dataset, to: href(path) })),
    { kind: 'tasks', text: `All tasks whose key contains ${text}`, to: href('/tasks', { search: text }) },
  ]
}

/** What begins with the text comes first. */
function matching<Each>(all: readonly Each[], text: string, nameOf: (each: Each) => string): Each[] {
  const wanted = text.toLowerCase()
  const placeOf = (each: Each): number => nameOf(each).toLowerCase().indexOf(wanted)
  return all.filter((each) => placeOf(each) >= 0).sort((a, b) => Math.min(1, placeOf(a)) - Math.min(1, placeOf(b)))
}
