/**
 * Decides when a run is over, names what it waits for, and makes its report. Pure: facts about workers in, answers and texts out.
 */
import type { ErrorGroup } from '../errors.js'
import { isInstance, workerOf } from '../instance-ids.js'
import type { WorkerState } from '../machines/lifecycle/states.js'
import { mostInPiece } from '../time/turns.js'
import { firstLine, firstOf } from '../values/first-of.js'

/** A worker whose work is not done, although the run is over. Its instances are told together. */
export interface Incomplete {
  worker: string
  /** Its state and the reason for it, e.g. `blacklisted: failed 4 times within 6 s, last: exit`. */
  why: string
  /** Tasks of its lane that are neither done nor dead; null: it has no tasks, or the number is not known. */
  left: number | null
}

/** How a run ended. */
export interface RunReport {
  /** Whether everything is done: no worker is incomplete, no task is dead, and the run was not interrupted. */
  ok: boolean
  /** Workers with no work left. Their lanes may have dead tasks. */
  completed: string[]
  /** Workers that are down on request, or by decision of their policy or supervisor. */
  stopped: string[]
  /** Workers that were given up. */
  blacklisted: string[]
  /** Workers that another host holds. */
  held: string[]
  /**
   * Workers that wait for a person: they paused because a budget is spent or every key is retired, or were paused by hand under
   * an earlier host.
   */
  paused: string[]
  /** Workers that were waiting for a spent quota when the run was interrupted. */
  parked: string[]
  /** Every enabled worker whose work is not done, with the reason. */
  incomplete: Incomplete[]
  /**
   * Datasets that were loaded in this run although no worker uses them, and how many items were loaded. Perhaps another name
   * was meant. By itself this does not make a run not ok, because workers for them may be added later; after `run()` none can be,
   * so its exit code is 4.
   */
  unused: { dataset: string; items: number }[]
  /** A signal ended the run, or `close()` before everything was done. */
  interrupted: boolean
  /** Results in all lanes. */
  results: number
  /** Dead tasks in all lanes, including dropped ones and those of earlier runs. */
  dead: number
  /** The dead tasks by error, the most frequent first, as in `drover.errors()`. Empty if the store was closed before. */
  errors: ErrorGroup[]
}

/** The facts about one worker. */
export interface WorkerFacts {
  id: string
  state: WorkerState
  reason: string
  enabled: boolean
  dataset: string | null
  /** It was started in this host and not stopped since. */
  wanted: boolean
  /** It only receives messages: it has no work of its own that could be done. */
  actor: boolean
  /** It does not change its state by itself. */
  settled: boolean
  /** Its lane had tasks and none is left; null: it works without tasks. */
  laneDone: boolean | null
  left: number | null
  /** It has a thread without work. */
  idle: boolean
  /** Paused by itself, or by hand under an earlier host. */
  waitsForHand: boolean
  /** The other host that holds it, in words. */
  heldBy: string | null
  /** Its dataset was never loaded and has no items. */
  neverLoaded: boolean
  /** A dataset that was loaded here although no worker uses it, if possible of a similar name: perhaps this one was meant. */
  loadedInstead: string | null
  /** Results in its lane. */
  results: number
  /** Dead tasks in its lane. */
  dead: number
}

/**
 * A worker as seen by `done()`. `over`; `moves`; `waits` for something that comes by itself; `queued` behind others; `hand`: a
 * person must raise a budget, revive a key, resume it, or load under the right name; `paused` by hand in this run.
 */
export type Standing = 'over' | 'moves' | 'waits' | 'queued' | 'hand' | 'paused'

/** Asks for one fact after another, because most workers are told by the first. */
function standing(worker: WorkerFacts): Standing {
  const { state } = worker
  if (worker.actor) return 'over'
  const untilLoaded = (): Standing => (worker.loadedInstead === null ? 'waits' : 'hand')
  if (worker.settled) return state === 'completed' && worker.wanted && worker.neverLoaded ? untilLoaded() : 'over'
  if ((state === 'paused' || worker.idle) && worker.laneDone) return 'over'
  if (state === 'paused') return worker.waitsForHand ? 'hand' : 'paused'
  if (state === 'parked' || state === 'backoff' || state === 'blacklisted') return 'waits'
  if (worker.neverLoaded) return untilLoaded()
  if (state === 'queued') return worker.heldBy === null ? 'queued' : 'waits'
  return 'moves'
}

/**
 * Whether the run is over. Workers that wait for a person keep it going only if one can act. Workers queued behind them cannot
 * continue either.
 *
 * @param attended whether a person can act while the program waits
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

/** The reason why nothing moves. */
export interface Wait {
  text: string
  /** A person must act. */
  needsHand: boolean
}

/** Whether all work that is left waits for something; some workers in each piece. */
export function* isWaiting(workers: Iterable<WorkerFacts>): Generator<void, boolean, void> {
  let waits = false
  let seen = 0
  for (const worker of workers) {
    if (seen++ % mostInPiece === mostInPiece - 1) yield
    const place = standing(worker)
    if (place === 'moves') return false
    waits ||= place !== 'over'
  }
  return waits
}

/** The reason for waiting, in words, some workers in each piece; null: work continues. */
export function* describeWait(workers: Iterable<WorkerFacts>): Generator<void, Wait | null, void> {
  const waiting = new Map<string, string[]>()
  let needsHand = false
  let seen = 0
  for (const worker of workers) {
    if (seen++ % mostInPiece === mostInPiece - 1) yield
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
  return { needsHand, text: [...waiting].map(([why, ids]) => `${firstOf(ids)} ${why}`).join('; ') }
}

function whyItWaits({ state, reason, dataset, heldBy, neverLoaded, loadedInstead }: WorkerFacts): string {
  if (neverLoaded) {
    const name = JSON.stringify(dataset)
    const hint = loadedInstead === null ? '' : `; ${JSON.stringify(loadedInstead)} was loaded, but no worker uses it`
    return `for the first load of dataset ${name} (if it has no items, call load(${name}, [])${hint})`
  }
  if (heldBy !== null) return `(${heldBy})`
  return `(${state}: ${firstLine(reason)})`
}

/** The report without the dead tasks by error, which are in the store. */
export function reportOf(
  workers: Iterable<WorkerFacts>,
  { interrupted, unused }: Pick<RunReport, 'interrupted' | 'unused'>,
): Omit<RunReport, 'errors'> {
  const report: Omit<RunReport, 'errors'> = {
    ok: false,
    completed: [],
    stopped: [],
    blacklisted: [],
    held: [],
    paused: [],
    parked: [],
    incomplete: [],
    unused,
    interrupted,
    results: 0,
    dead: 0,
  }
  // By the declared worker: instances share a lane.
  const counted = new Set<string>()
  const completed = new Set<string>()
  const incomplete = new Map<string, Incomplete>()
  for (const worker of workers) {
    const { id, state, left } = worker
    const declared = workerOf(id)
    if (!counted.has(declared)) {
      report.results += worker.results
      report.dead += worker.dead
      counted.add(declared)
    }
    if (isComplete(worker)) {
      completed.add(declared)
      continue
    }
    if (state === 'stopped' || state === 'blacklisted' || state === 'paused' || state === 'parked') report[state].push(id)
    if (worker.heldBy !== null) report.held.push(id)
    if (!worker.enabled || worker.laneDone === true || (worker.actor && state !== 'blacklisted')) continue
    const why = isInstance(id) ? `${id} ${whyIncomplete(worker)}` : whyIncomplete(worker)
    const before = incomplete.get(declared)
    if (before) before.why += `; ${why}`
    else incomplete.set(declared, { worker: declared, why, left })
  }
  report.completed.push(...completed)
  report.incomplete.push(...incomplete.values())
  return { ...report, ok: report.incomplete.length === 0 && report.dead === 0 && !interrupted }
}

/** True also if the thread is still there, or was stopped after its last task. */
function isComplete(worker: WorkerFacts): boolean {
  const { state } = worker
  if (state === 'idle' || state === 'blacklisted') return false
  return state === 'completed' ? !worker.neverLoaded : worker.laneDone === true && !worker.neverLoaded
}

function whyIncomplete({ state, reason, dataset, heldBy, neverLoaded, loadedInstead }: WorkerFacts): string {
  if (heldBy !== null) return heldBy
  if (neverLoaded && loadedInstead === null) return 'its dataset was never loaded'
  if (neverLoaded)
    return `its dataset ${JSON.stringify(dataset)} was never loaded, but ${JSON.stringify(loadedInstead)} was: did you mean ${JSON.stringify(dataset)}?`
  if (state === 'idle') return `not started: ${firstLine(reason)}`
  return reason === state ? state : `${state}: ${firstLine(reason)}`
}
