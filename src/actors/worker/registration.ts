/**
 * A worker in the registry, which hosts share: its holder, its fence, the state that another host left, and leases still to be
 * returned.
 */
import { DroverError } from '../../errors.js'
import type { Left } from '../../machines/lifecycle/contract.js'
import type { CompiledWorker } from '../../options/compiled.js'
import type { Fence } from '../../store/contract/basics.js'
import type { EngineClient } from '../../store/contract/engine.js'
import type { HoldingHost } from '../../store/contract/hosts.js'
import type { LaneSpec, WorkerRow } from '../../store/contract/registry.js'
import { backoffDelay } from '../../time/backoff.js'
import { inPieces, shareOfTurn } from '../../time/turns.js'
import type { WorkerCore } from './core.js'
import type { Lanes } from './lane-counts.js'
import { readLeft } from './left-by-host.js'

/** Waits before the release of a worker is tried again. */
const freeWaits = { initialMs: 250, factor: 2, maxMs: 5_000, jitter: 0.2 }

/** Declares workers and their lanes in the store, and notes the counts of the lanes. @returns a row for each worker, in order */
export async function declareWorkers(client: EngineClient, workers: readonly CompiledWorker[], lanes: Lanes): Promise<WorkerRow[]> {
  const rows: WorkerRow[] = []
  await inPieces(workers, async (piece) => {
    // As they are by now: a later call may have set another target meanwhile.
    const reply = await client.call('declare', { workers: piece.map((worker) => ({ worker: worker.id, lane: laneOf(worker) })) })
    lanes.update(reply.workers.flatMap(({ lane }) => lane ?? []))
    rows.push(...reply.workers)
  })
  return rows
}

function laneOf({ dataset, annotator, domain, target }: CompiledWorker): LaneSpec | null {
  return dataset === null ? null : { dataset, annotator, domain, target }
}

/** A holder in words. */
export function heldBy({ pid, hostname, since }: HoldingHost): string {
  return `held by another host: pid ${pid} on ${hostname}, since ${new Date(since).toISOString()}`
}

export class Registration {
  readonly #worker: WorkerCore
  #fence: Fence | null = null
  /** Each thread needs its own fence. */
  #fenceUsed = false
  /** The last fence whose outcome is known here. */
  #known: Fence
  /** The state that another host left, from the claim in the registry until the lifecycle has it. */
  #left: Left | null = null
  /** The other host that holds it. */
  #holder: HoldingHost | null = null
  #acquiring: Promise<HoldingHost | null> | null = null
  /** Returns the leases of its last thread, if the store could not take them yet. Runs before anything else for the worker. */
  #unreturned: (() => Promise<void>) | null = null
  #freed: Promise<unknown> = Promise.resolve()
  /** Whether, as far as known, the store has it as held by this host. */
  #isHeldHere = false

  constructor(worker: WorkerCore, known: Fence) {
    this.#worker = worker
    this.#known = known
  }

  get fence(): Fence | null {
    return this.#fence
  }
  /** The last fence whose outcome is known here. */
  get known(): Fence {
    return this.#known
  }
  /** The other host that holds it. */
  get holder(): HoldingHost | null {
    return this.#holder
  }
  get isHeldHere(): boolean {
    return this.#isHeldHere
  }
  /** Settles when it is free for other hosts, if it was released. */
  get freed(): Promise<unknown> {
    return this.#freed
  }
  /** Whether another host had it, and the lifecycle does not know yet. */
  get hasLeft(): boolean {
    return this.#left !== null
  }

  /** Takes the state that another host left, once. */
  takeLeft(): Left | null {
    const left = this.#left
    this.#left = null
    return left
  }

  /** The fence for one thread only. */
  useFence(): Fence {
    this.#fenceUsed = true
    return this.#fence as Fence
  }

  /**
   * Claims the worker in the registry, unless already claimed.
   *
   * @returns the holder, if it is another host
   */
  acquire(): Promise<HoldingHost | null> {
    this.#acquiring ??= this.#acquire().finally(() => {
      this.#acquiring = null
    })
    return this.#acquiring
  }

  async #acquire(): Promise<HoldingHost | null> {
    if (this.#fence !== null && !this.#fenceUsed) return null
    const { store, host, lanes } = this.#worker.parts
    await this.#returnLeft()
    const answer = await store.client.call('acquire', { worker: this.#worker.id, host: host.id })
    this.seeHolder('holder' in answer ? answer.holder : null)
    if ('holder' in answer) return answer.holder
    if (answer.left.fence !== this.#known) {
      this.#left = readLeft(answer.left, true, this.#worker.now(), (shown) => this.#worker.parts.wallClock.timeOf(shown))
    }
    this.#known = answer.fence
    this.#fence = answer.fence
    this.#fenceUsed = false
    this.#isHeldHere = true
    if (answer.counts) lanes.update([answer.counts])
    return null
  }

  /** Notes the other host that holds it; null: none. Emitted and logged once for each. */
  seeHolder(holder: HoldingHost | null): void {
    const before = this.#holder
    this.#holder = holder
    if (before?.host === holder?.host && before?.since === holder?.since) return
    const worker = this.#worker
    const { publish, held, config, changed } = worker.parts
    publish('worker:holder:changed', {
      worker: worker.id,
      holder: holder && { pid: holder.pid, hostname: holder.hostname, since: holder.since },
      at: worker.now(),
    })
    if (holder) {
      held.watch()
      const what = config.onHeld === 'wait' && (worker.beingStarted || worker.wanted) ? 'waits: ' : ''
      worker.log.warn(`${what}${heldBy(holder)}`)
      if (worker.state === 'queued') worker.send({ type: 'HELD', reason: heldBy(holder) })
    }
    changed()
  }

  /** Notes that another host has taken it. */
  lose(): void {
    this.#fence = null
    this.#isHeldHere = false
  }

  /** Releases it for other hosts. */
  giveBack(): void {
    const fence = this.#fence
    this.#fence = null
    if (fence === null) return
    this.#freed = this.#free(fence, 0)
  }

  /** No effect once another fence is current. */
  async #free(fence: Fence, tries: number): Promise<void> {
    const { recorder, store, report } = this.#worker.parts
    try {
      // Events first, so that the next holder finds the final state in the store.
      await recorder.flush()
      // The store answers hundreds at once.
      await shareOfTurn()
      await this.#returnLeft()
      await store.client.call('free', { worker: this.#worker.id, fence })
      if (this.#fence === null) this.#isHeldHere = false
    } catch (error) {
      if (this.#isShortOfStore(error)) setTimeout(() => void this.#free(fence, tries + 1), backoffDelay(freeWaits, tries)).unref()
      else if (!(DroverError.is(error) && error.code === 'CLOSED')) report('could not release the worker', error)
    }
  }

  /** Returns a thread's leases; if the store cannot take them now, later, but before anything else for the worker. */
  async returnLeases(giveBack: () => Promise<void>): Promise<void> {
    await giveBack().catch((error: unknown) => {
      if (this.#isShortOfStore(error)) this.#unreturned = giveBack
      else if (!(DroverError.is(error) && (error.code === 'CLOSED' || error.code === 'FENCED')))
        this.#worker.parts.report('could not give leases back', error)
    })
  }

  async #returnLeft(): Promise<void> {
    if (!this.#unreturned) return
    await this.#unreturned()
    this.#unreturned = null
  }

  /** Whether the store cannot be written now, but may be again. */
  #isShortOfStore(error: unknown): boolean {
    return DroverError.is(error) && error.code === 'STORE_FAILED' && !this.#worker.parts.store.hasFailed
  }
}
