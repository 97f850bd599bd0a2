/**
 * The state as connections see it, updated worker by worker: a worker with a new event is compared with its last shown state and
 * serialised again; the text of all others is kept. Values that drift move in steps: rates once a second, expected ends only when
 * clearly off. So the state of an idle system does not change.
 */

import type { QuotaReport } from '../../actors/system/quota-report.js'
import type { SystemSums, WorkerStatus } from '../../actors/system/status.js'
import type { Drover } from '../../drover/drover.js'
import { workerOf } from '../../instance-ids.js'
import { Pace } from '../../time/pace.js'
import { mostInPiece } from '../../time/turns.js'
import { same } from '../client/same.js'
import type { Quota } from '../contract/quota.js'
import type { LivePatch, Topic } from '../contract/socket.js'
import type { TreeNode } from '../contract/tree.js'
import type { Overview, Worker } from '../contract/worker.js'
import { presentOverview } from '../present/overview.js'
import { Tally } from '../present/tally.js'
import { presentTree } from '../present/tree.js'
import { presentWorker, type Rates } from '../present/worker.js'
import { diff, type WholeState } from './diff.js'
import type { StateTexts } from './frames.js'

/** Time between updates of rates. */
export const ratesEveryMs = 1_000
/** Time between looks at everything, to find changes without an event, such as a new limit of slots. */
export const lookEveryMs = 5_000
/** The most workers looked at in one turn of the event loop. */
const mostInLook = 200
/** How far an expected end must be off to move: a share of the time left, and a minimum. */
const endMoves = { share: 0.02, ms: 2_000 }
/** The tree is looked at whole; that may take this fraction (1/n) of the main thread's time. */
const treeShare = 20

/** A worker as last shown. */
interface Shown {
  status: WorkerStatus
  worker: Worker
  /** The JSON text of `worker`, with its id before. */
  text: string
  /** When its rates were taken. */
  ratesAt: number
}

type Sums = Omit<WholeState, 'workers'>

export class Source {
  readonly #drover: Drover
  readonly #shown = new Map<string, Shown>()
  /** What those add up to. */
  readonly #tally: Tally
  /** Those that change without an event: they have a thread, or rates. */
  readonly #movers = new Set<string>()
  #sums: Sums | null = null
  /** Workers that need a look. */
  readonly #due = new Set<string>()
  readonly #treePace = new Pace(20, 4)
  #treeIsLate = false
  #treeIsWatched = false
  #lookedAt = { all: Number.NEGATIVE_INFINITY, moving: Number.NEGATIVE_INFINITY, rate: Number.NEGATIVE_INFINITY }
  #systemRate = 0
  #moving = false

  constructor(drover: Drover) {
    this.#drover = drover
    this.#tally = new Tally(() => drover.view.ids())
  }

  /** From now on, looks look at the tree or do not: it is then as last shown. @returns whether it was not looked at before */
  watchTree(wanted: boolean): boolean {
    const begins = wanted && !this.#treeIsWatched
    this.#treeIsWatched = wanted
    return begins
  }

  /** The JSON text of the whole tree, as last shown. */
  treeText(): string {
    return JSON.stringify(this.#sums?.tree ?? [])
  }

  /** Marks workers for a look; an instance stands for its worker. */
  mark(workers: Iterable<string>): void {
    for (const worker of workers) this.#due.add(workerOf(worker))
  }

  /** Marks all workers, including removed ones. */
  markAll(): void {
    this.mark(this.#shown.keys())
    this.mark(this.#drover.view.ids())
  }

  /** Whether marked workers are left. */
  get isBehind(): boolean {
    return this.#due.size > 0
  }

  /** Ms until a delayed look at the tree; null: there is none. */
  get treeInMs(): number | null {
    return this.#treeIsLate ? this.#treePace.wait(performance.now()) : null
  }

  /**
   * Whether something can change without an event, as of the last look: rates and restart counts decay, threads change their
   * activity.
   */
  get isMoving(): boolean {
    return this.#moving
  }

  /**
   * Looks at the marked workers, up to the limit, and at the system as a whole.
   *
   * @param now ms since the epoch
   * @returns the difference to the shown state; null: none
   */
  look(reports: readonly QuotaReport[], now: number): LivePatch | null {
    this.#markUntold(now)
    const before: [string, Worker][] = []
    const after: [string, Worker][] = []
    for (const id of this.#takeDue()) {
      const was = this.#shown.get(id)
      if (was) before.push([id, was.worker])
      const status = this.#drover.view.worker(id)
      if (!status) this.#drop(id)
      else after.push([id, this.#show(status, was, now)])
    }
    const sums = this.#sums
    const next = this.#sumUp(reports, now)
    this.#sums = next
    return diff({ ...(sums ?? noSums), workers: Object.fromEntries(before) }, { ...next, workers: Object.fromEntries(after) })
  }

  /** The whole state, as last shown. */
  state(): WholeState {
    const workers = this.#inOrder().map(({ worker }): [string, Worker] => [worker.id, worker])
    return { ...(this.#sums ?? noSums), workers: Object.fromEntries(workers) }
  }

  /** The JSON text of each part of it, as it is now, whenever the pieces are taken. */
  texts(): StateTexts {
    const { overview, tree, quotas } = this.#sums ?? noSums
    const workers = this.#inOrder().map(({ text }) => text)
    return new Map<Topic, Iterable<string>>([
      ['overview', textsOf(() => [JSON.stringify(overview)])],
      ['workers', textsOf(() => inPieces(workers))],
      ['tree', textsOf(() => [JSON.stringify(tree)])],
      ['quotas', textsOf(() => [JSON.stringify(quotas)])],
    ])
  }

  /** In the order of the configuration. */
  #inOrder(): Shown[] {
    const all: Shown[] = []
    for (const id of this.#drover.view.ids()) {
      const shown = this.#shown.get(id)
      if (shown) all.push(shown)
    }
    return all
  }

  /** Marks workers that may have changed without an event. */
  #markUntold(now: number): void {
    const { view } = this.#drover
    const wasLong = (at: number, everyMs: number): boolean => Math.abs(now - at) >= everyMs
    if (view.size <= mostInLook || wasLong(this.#lookedAt.all, lookEveryMs)) {
      this.#lookedAt.all = now
      this.markAll()
    } else if (wasLong(this.#lookedAt.moving, ratesEveryMs)) {
      this.#lookedAt.moving = now
      this.mark(view.live())
      this.mark(this.#movers)
    }
  }

  #takeDue(): string[] {
    const taken: string[] = []
    for (const id of this.#due) {
      if (taken.length === mostInLook) break
      taken.push(id)
    }
    for (const id of taken) this.#due.delete(id)
    return taken
  }

  #drop(id: string): void {
    this.#shown.delete(id)
    this.#movers.delete(id)
    this.#tally.delete(id)
  }

  #show(status: WorkerStatus, was: Shown | undefined, now: number): Worker {
    const keepsRates = was !== undefined && Math.abs(now - was.ratesAt) < ratesEveryMs
    const worker = presentWorker(status, keepsRates ? was.worker : inSteps(status))
    const ratesAt = keepsRates ? was.ratesAt : now
    if (status.beatAgeMs !== null || hasRates(status) || hasRates(worker)) this.#movers.add(status.id)
    else this.#movers.delete(status.id)
    this.#tally.set(status)
    if (was && same(was.worker, worker)) {
      Object.assign(was, { status, ratesAt })
      return was.worker
    }
    this.#shown.set(status.id, { status, worker, text: `${JSON.stringify(worker.id)}:${JSON.stringify(worker)}`, ratesAt })
    return worker
  }

  #sumUp(reports: readonly QuotaReport[], now: number): Sums {
    const before = this.#sums
    const { view } = this.#drover
    const sums = view.sums(this.#tally.totals)
    if (Math.abs(now - this.#lookedAt.rate) >= ratesEveryMs) {
      this.#lookedAt.rate = now
      this.#systemRate = toTenth(sums.ratePerMinute)
    }
    const quotas = this.#tally.quotas(reports)
    const overview = presentOverview(sums, this.#tally, view.down(), quotas, now)
    const tree = this.#lookAtTree()
    this.#moving = this.#isMoving(sums, tree)
    return {
      overview: { ...overview, ratePerMinute: this.#systemRate, doneAt: steady(before?.overview.doneAt, overview.doneAt, now) },
      tree,
      quotas: Object.fromEntries(quotas.map((quota) => [quota.name, steadyQuota(before?.quotas[quota.name], quota, now)])),
    }
  }

  #lookAtTree(): TreeNode[] {
    const shown = this.#sums?.tree
    if (!this.#treeIsWatched) {
      this.#treeIsLate = false
      return shown ?? []
    }
    const began = performance.now()
    this.#treeIsLate = shown !== undefined && this.#treePace.wait(began) > 0
    if (shown && this.#treeIsLate) return shown
    const tree = presentTree(this.#drover.tree())
    const isSame = same(shown, tree)
    this.#treePace.went(began, ((performance.now() - began) * treeShare) / 2)
    return isSame ? (shown as TreeNode[]) : tree
  }

  #isMoving({ ratePerMinute }: SystemSums, tree: readonly TreeNode[]): boolean {
    if (ratePerMinute > 0 || this.#systemRate > 0 || this.#movers.size > 0) return true
    return this.#treeIsWatched && countsRestarts(tree)
  }
}

const noSums: Sums = { overview: {} as Overview, tree: [], quotas: {} }

/** Read once for each choice of topics. */
const textsOf = (read: () => Iterable<string>): Iterable<string> => ({ [Symbol.iterator]: () => read()[Symbol.iterator]() })

/** The text of an object, from those of its fields. */
function* inPieces(fields: readonly string[]): Generator<string> {
  for (let from = 0; from === 0 || from < fields.length; from += mostInPiece) {
    const to = from + mostInPiece
    yield `${from === 0 ? '{' : ','}${fields.slice(from, to).join()}${to >= fields.length ? '}' : ''}`
  }
}

const toTenth = (rate: number): number => Math.round(rate * 10) / 10

function inSteps({ ratePerMinute, failuresPerMinute, errorRate }: Rates): Rates {
  return {
    ratePerMinute: toTenth(ratePerMinute),
    failuresPerMinute: toTenth(failuresPerMinute),
    errorRate: errorRate && Math.round(errorRate * 1_000) / 1_000,
  }
}

const hasRates = ({ ratePerMinute, failuresPerMinute }: Rates): boolean => ratePerMinute > 0 || failuresPerMinute > 0

function countsRestarts(nodes: readonly TreeNode[]): boolean {
  return nodes.some((node) => 'supervisor' in node && (node.restarts.count > 0 || countsRestarts(node.children)))
}

function steadyQuota(before: Quota | undefined, quota: Quota, now: number): Quota {
  return { ...quota, backlog: { ...quota.backlog, doneAt: steady(before?.backlog.doneAt, quota.backlog.doneAt, now) } }
}

function steady(before: number | null | undefined, at: number | null, now: number): number | null {
  if (before === null || before === undefined || at === null) return at
  return Math.abs(at - before) > Math.max(endMoves.ms, (at - now) * endMoves.share) ? at : before
}
