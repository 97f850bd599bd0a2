/** Filter, order and grid of the workers in lists. Pure. */
import type { Beat, Worker } from '../../contract/worker.js'
import { duration, percent, plural } from '../format.js'
import type { Query } from '../routing/address.js'
import { type Tone, toneOf } from './tones.js'

/** States in display order: running, waiting, failed, ended. */
export const states = [
  'running',
  'starting',
  'queued',
  'paused',
  'parked',
  'backoff',
  'stuck',
  'crashed',
  'blacklisted',
  'stopping',
  'stopped',
  'idle',
  'completed',
] as const

const natural = new Intl.Collator('en', { numeric: true })

export const stateList = ({ state }: Query): string[] => (state ? state.split(',') : [])

/** The workers that match the query. @param except a part of the query to ignore */
export function matching(workers: readonly Worker[], query: Query, except?: 'state'): Worker[] {
  const wanted = except === 'state' ? [] : stateList(query)
  const search = query.search?.toLowerCase()
  return workers.filter(
    ({ id, state, annotator, domain }) =>
      (wanted.length === 0 || wanted.includes(state)) &&
      (!query.annotator || annotator === query.annotator) &&
      (!query.domain || domain === query.domain) &&
      (!search || id.toLowerCase().includes(search)),
  )
}

export function countStates(workers: readonly Worker[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { state } of workers) counts[state] = (counts[state] ?? 0) + 1
  return counts
}

/** The share of its lane that is done. What was given up is not done. */
export const shareOf = ({ progress }: Worker): number => (progress && progress.total > 0 ? progress.done / progress.total : 0)

/** A beat is missing once it is later than one more interval, and than what a busy host may be late. */
const beatsMissed = 2
const leastSilenceMs = 5_000
/** From this share of failed attempts on, a lane does not do its work. */
const failingShare = 0.5

/** Whether the thread has been silent for longer than its beats allow. */
export const isSilent = ({ state, beatEveryMs }: Pick<Worker, 'state' | 'beatEveryMs'>, age: number | null | undefined): age is number =>
  age != null && state !== 'starting' && age > Math.max(leastSilenceMs, beatsMissed * beatEveryMs)

/** Why a worker needs a look although its state may be a good one, in a few words; null: it does not. */
export function troubleOf(worker: Worker, beat?: Pick<Beat, 'beatAgeMs'>): string | null {
  const { errorRate, breaker, progress } = worker
  const age = beat?.beatAgeMs
  if (isSilent(worker, age)) return `no beat for ${duration(age)}`
  if (breaker) return 'attempts keep failing'
  if (errorRate !== null && errorRate >= failingShare) return `${percent(errorRate)} of attempts fail`
  if (progress && progress.dead > 0 && progress.dead >= progress.done) return `${plural(progress.dead, 'task')} given up`
  return null
}

/** Of a worker without failures: those are of its thread, and what its tasks died of is told apart. */
export function neverFailed({ lastError, progress }: Pick<Worker, 'lastError' | 'progress'>): string {
  if (lastError) return `Its thread never failed, its tasks did: ${plural(lastError.count, 'time')} ${lastError.code}: ${lastError.message}`
  if (progress && progress.dead > 0) return `Its thread never failed, but ${plural(progress.dead, 'task was', 'tasks were')} given up`
  return 'It never failed'
}

/** The tone of a worker: of its state, or a warning if that state hides a trouble. */
export function toneOfWorker(worker: Worker, beat?: Pick<Beat, 'beatAgeMs'>): Tone {
  const tone = toneOf(worker.state)
  return tone !== 'bad' && troubleOf(worker, beat) !== null ? 'warn' : tone
}

const keys: Record<string, (worker: Worker) => number | string> = {
  id: ({ id }) => id,
  state: ({ state }) => states.indexOf(state),
  progress: shareOf,
  rate: ({ ratePerMinute }) => ratePerMinute,
  failing: ({ errorRate }) => errorRate ?? 0,
  restarts: ({ restarts }) => restarts,
  since: ({ since }) => since,
}

/** @param sort `rate`, or `-rate` for the largest first; anything else: as configured */
export function sorted(workers: readonly Worker[], sort = ''): readonly Worker[] {
  const down = sort.startsWith('-')
  const name = down ? sort.slice(1) : sort
  const key = Object.hasOwn(keys, name) ? keys[name] : undefined
  if (!key) return workers
  const by = (a: Worker, b: Worker): number => {
    const [x, y] = [key(a), key(b)]
    return typeof x === 'string' || typeof y === 'string' ? natural.compare(String(x), String(y)) : x - y
  }
  return [...workers].sort(down ? (a, b) => by(b, a) : by)
}

/** What has its place in a grid of annotators and domains. */
type Placed = Pick<Worker, 'annotator' | 'domain'>

export interface Grid<Each extends Placed> {
  domains: string[]
  rows: { annotator: string; cells: Each[][] }[]
}

/** A cell may hold several, or none. Rows and columns come in the order of the configuration. */
export function gridOf<Each extends Placed>(all: readonly Each[]): Grid<Each> {
  const domains = [...new Set(all.map(({ domain }) => domain))]
  const column = new Map(domains.map((domain, at) => [domain, at]))
  const rows = new Map<string, Each[][]>()
  for (const each of all) {
    let cells = rows.get(each.annotator)
    if (!cells) {
      cells = domains.map(() => [])
      rows.set(each.annotator, cells)
    }
    cells[column.get(each.domain) ?? 0]?.push(each)
  }
  return { domains, rows: [...rows].map(([annotator, cells]) => ({ annotator, cells })) }
}
