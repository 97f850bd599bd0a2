/**
 * When a run is over, what it waits for until then, and how it ended. Pure: facts about workers in, answers and texts out.
 */
import type { ErrorGroup } from '../errors.js'
import type { WorkerState } from '../machines/lifecycle/states.js'

/** A worker whose work is not done, although the run is over. */
export interface Incomplete {
  worker: string
  /** Its state and the reason for it, e.g. `blacklisted: 4 restarts in 6000 ms`. */
  why: string
  /** Tasks of its lane that are neither done nor dead; null: it works without tasks, or nobody knows. */
  left: number | null
}

/** How a run ended. */
export interface RunReport {
  /** Whether all is done: nothing incomplete, no task dead, not interrupted. */
  ok: boolean
  /** Workers with nothing left to do. Their lanes may have dead tasks. */
  completed: string[]
  /** Workers that are down on request, or because their policy or supervisor said so. */
  stopped: string[]
  /** Workers that were given up. */
  blacklisted: string[]
  /** Workers that another host holds. */
  held: string[]
  /** Workers that wait for a hand: paused by themselves, because a budget is spent or every key is retired, or by hand under an earlier host. */
  paused: string[]
  /** Workers that were waiting for a spent quota when the run was interrupted. */
  parked: string[]
  /** Every enabled worker whose work is not done, with why. */
  incomplete: Incomplete[]
  /** A signal ended the run, or `close()` before everything was done. */
  interrupted: boolean
  /** Results in all lanes. */
  results: number
  /** Tasks given up in all lanes, those dropped by hand and those of earlier runs among them. */
  dead: number
  /** The same by error, the most frequent first: as `drover.errors()` tells them. Empty where the store was closed before. */
  errors: ErrorGroup[]
}

/** What is known of one worker. */
export interface WorkerFacts {
  id: string
  state: WorkerState
  reason: string
  enabled: boolean
  dataset: string | null
  /** Somebody started it in this host, and nobody has stopped it since. */
  wanted: boolean
  /** It stays as it is until somebody does something. */
  settled: boolean
  /** Nothing is left in its lane, and something ever was; null: it works without tasks. */
  laneDone: boolean | null
  left: number | null
  /** Its thread is there, and has nothing to do. */
  idle: boolean
  /** Paused by itself, or by somebody who may be there no more. */
  waitsForHand: boolean
  /** Who holds it elsewhere, in words. */
  heldBy: string | null
  /** Its dataset has no items, and nobody has loaded any into it. */
  neverLoaded: boolean
  /** A dataset of nearly the same name that was loaded here although no worker has it: this one may have been meant. */
  loadedInstead: string | null
}

/**
 * Where a worker stands for whoever waits for the end: `over`; `moves`; `waits` for something that comes by itself; `queued` behind others;
 * waits for a `hand` to raise its budget, revive a key, resume it, or load under the right name; was `paused` by somebody who is there.
 */
export type Standing = 'over' | 'moves' | 'waits' | 'queued' | 'hand' | 'paused'

function standing(worker: WorkerFacts): Standing {
  const { state, wanted, settled, laneDone, idle, waitsForHand, heldBy, neverLoaded, loadedInstead } = worker
  const untilLoaded = loadedInstead === null ? 'waits' : 'hand'
  if (settled) return neverLoaded && wanted && state === 'completed' ? untilLoaded : 'over'
  if (laneDone && (idle || state === 'paused')) return 'over'
  if (state === 'paused') return waitsForHand ? 'hand' : 'paused'
  if (state === 'parked' || state === 'backoff' || state === 'blacklisted') return 'waits'
  if (neverLoaded) return untilLoaded
  if (state === 'queued') return heldBy === null ? 'queued' : 'waits'
  return 'moves'
}

/**
 * Whether the run is over. Those that wait for a hand keep it only where there is one; those queued behind them cannot go on either.
 *
 * @param attended somebody can raise a budget while the program waits
 */
export function isOver(workers: Iterable<WorkerFacts>, attended: boolean): boolean {
  const standings = new Set<Standing>()
  for (const worker of workers) {
    const place = standing(worker)
    if (place === 'moves' || place === 'waits' || place === 'paused') return false
    standings.add(place)
  }
  return standings.has('hand') ? !attended : !standings.has('queued')
}

/** What a run waits for where nothing moves. */
export interface Wait {
  text: string
  /** Somebody has to do something about it. */
  needsHand: boolean
}

/** So many workers are named. */
const named = 3

/** In words, what the run waits for; null: for work that goes on. */
export function describeWait(workers: Iterable<WorkerFacts>): Wait | null {
  const waiting = new Map<string, string[]>()
  let needsHand = false
  for (const worker of workers) {
    const place = standing(worker)
    if (place === 'moves') return null
    if (place === 'over') continue
    needsHand ||= place === 'hand' || place === 'paused' || worker.neverLoaded
    const why = whyItWaits(worker)
    const ids = waiting.get(why)
    if (ids) ids.push(worker.id)
    else waiting.set(why, [worker.id])
  }
  if (waiting.size === 0) return null
  return { needsHand, text: [...waiting].map(([why, ids]) => `${names(ids)} ${why}`).join('; ') }
}

function whyItWaits({ state, reason, dataset, heldBy, neverLoaded, loadedInstead }: WorkerFacts): string {
  if (neverLoaded) {
    const name = JSON.stringify(dataset)
    const hint = loadedInstead === null ? '' : `; ${JSON.stringify(loadedInstead)} was loaded, which no worker has`
    return `for the first load of dataset ${name} (load(${name}, []) says that there is nothing${hint})`
  }
  if (heldBy !== null) return `(${heldBy})`
  return `(${state}: ${firstLine(reason)})`
}

function names(ids: readonly string[]): string {
  return ids.length > named ? `${ids.slice(0, named).join(', ')} and ${ids.length - named} more` : ids.join(', ')
}

/** Everything but the dead tasks by error, which are in the store. */
export function reportOf(
  workers: readonly WorkerFacts[],
  { results, dead, interrupted }: Pick<RunReport, 'results' | 'dead' | 'interrupted'>,
): Omit<RunReport, 'errors'> {
  const completed = workers.filter(isComplete)
  const others = workers.filter((worker) => !isComplete(worker))
  const idsOf = (pick: (worker: WorkerFacts) => boolean): string[] => others.filter(pick).map(({ id }) => id)
  const incomplete = others.flatMap((worker) => {
    const missing = worker.enabled && worker.laneDone !== true
    return missing ? [{ worker: worker.id, why: whyIncomplete(worker), left: worker.left }] : []
  })
  return {
    ok: incomplete.length === 0 && dead === 0 && !interrupted,
    completed: completed.map(({ id }) => id),
    stopped: idsOf(({ state }) => state === 'stopped'),
    blacklisted: idsOf(({ state }) => state === 'blacklisted'),
    held: idsOf(({ heldBy }) => heldBy !== null),
    paused: idsOf(({ state }) => state === 'paused'),
    parked: idsOf(({ state }) => state === 'parked'),
    incomplete,
    interrupted,
    results,
    dead,
  }
}

/** Also one whose thread is still there, or was stopped after its last task. */
function isComplete({ state, laneDone, neverLoaded }: WorkerFacts): boolean {
  if (neverLoaded) return false
  return state === 'completed' || (laneDone === true && state !== 'idle' && state !== 'blacklisted')
}

function whyIncomplete({ state, reason, dataset, heldBy, neverLoaded, loadedInstead }: WorkerFacts): string {
  if (heldBy !== null) return heldBy
  if (neverLoaded && loadedInstead === null) return 'its dataset was never loaded'
  if (neverLoaded)
    return `its dataset ${JSON.stringify(dataset)} was never loaded; ${JSON.stringify(loadedInstead)} was: was ${JSON.stringify(dataset)} meant?`
  if (state === 'idle') return `not started: ${firstLine(reason)}`
  return reason === state ? state : `${state}: ${firstLine(reason)}`
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] as string
}

/** What a process that ran this ends with: 0: all is done; 3: all but for dead tasks; 1: something is not done. */
export function exitCodeOf({ ok, incomplete, interrupted }: RunReport): 0 | 1 | 3 {
  if (ok) return 0
  return incomplete.length > 0 || interrupted ? 1 : 3
}
