/** A system whose names are as long as they may be, none of which has a place to break. */
import { type Drover, supervisor } from '../../../../src/index.js'
import { open, state, worker } from '../../../support/system.js'
import { isPlain, views } from './views.js'

/** Of exactly so many characters, and different from others by its beginning. */
const long = (start: string, length: number): string => start.padEnd(length, start.at(-1))

export const done = `${long('annotator-one', 99)}/${long('question', 100)}`
const given = long('given-up/question', 200)
const [dataset, quota, group, above] = ['dataset', 'quota', 'group', 'supervisor'].map((name) => long(name, 200)) as [
  string,
  string,
  string,
  string,
]
const [dead, logged, plain] = ['dead', 'logged', 'plain'].map((name) => long(name, 500)) as [string, string, string]

/** One lane is done, with a dead task, results and log lines; one was given up. */
export async function openLong(): Promise<Drover> {
  const shared = { dataset, quota, group, tasks: { maxAttempts: 1 } }
  const system = await open({
    quotas: { [quota]: { requests: [{ limit: 1_000, per: 'day' }] } },
    groups: { [group]: 2 },
    workers: [supervisor({ id: above, children: [worker(done, shared), worker(given, shared)] })],
  })
  const note = long('note', 500)
  await system.load(dataset, [{ id: dead, do: 'throw', note }, { id: logged, do: 'log', note }, { id: plain }])
  await system.start(done)
  await state(system, done, 'completed')
  await system.blacklist(given, long('reason', 300))
  return system
}

const placeOf = (...names: string[]): string => `#/${names.map(encodeURIComponent).join('/')}`

/** Every view of it. */
export const longViews: [hash: string, heading: string][] = [
  ...views.filter(isPlain).map(({ hash, heading }): [string, string] => [hash, heading]),
  [placeOf('workers', done), done],
  [placeOf('workers', given), given],
  [placeOf('quotas', quota), quota],
  [placeOf('tasks', dataset, dead), dead],
  [placeOf('tasks', dataset, logged), logged],
  [`#/tasks?${new URLSearchParams({ dataset, worker: done, search: dead, state: 'dead' })}`, 'Tasks'],
  [`#/workers?${new URLSearchParams({ annotator: given.split('/')[0] as string, search: given })}`, 'Workers'],
]
