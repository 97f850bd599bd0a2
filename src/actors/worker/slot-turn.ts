/** A worker's way to a slot: it may wait for another host, for items, for its siblings, and then for the slot. */
import type { SlotRequest } from '../../machines/slots.js'
import type { SiblingPhase } from '../../machines/supervision/strategies.js'
import type { WorkerCore } from './core.js'
import { heldBy, type Registration } from './registration.js'

/** Whether its dataset was never loaded, as far as known here. */
export function neverLoaded({ config: { id, dataset, target }, parts }: WorkerCore): boolean {
  const { lanes, isLoading, wasLoaded } = parts
  return dataset !== null && target !== 0 && lanes.get(id)?.total === 0 && !isLoading(dataset) && !wasLoaded(dataset)
}

export class SlotTurn {
  readonly #worker: WorkerCore
  readonly #registration: Registration
  /** While queued: its dataset has no items, so it asks for no slot. */
  #waitsForLoad = false
  /** While queued: it had its turn and has asked for a slot. */
  #admitted = false

  constructor(worker: WorkerCore, registration: Registration) {
    this.#worker = worker
    this.#registration = registration
  }

  get slotRequest(): SlotRequest {
    const { id, priority, group } = this.#worker.config
    return { worker: id, priority, group }
  }

  /** The phase of a queued worker for its siblings. */
  get phase(): SiblingPhase {
    // It runs elsewhere, so siblings need not wait for it.
    if (this.#registration.holder || this.#waitsForLoad) return 'up'
    if (!this.#admitted) return 'wanted'
    return this.#worker.parts.slots.holds(this.#worker.id) ? 'starting' : 'queued'
  }

  request(): void {
    const worker = this.#worker
    const { isClosing, order, slots } = worker.parts
    worker.catchUp()
    if (isClosing()) {
      worker.send({ type: 'STOP', reason: 'the system is closing' })
      return
    }
    if (this.#registration.holder) {
      worker.send({ type: 'HELD', reason: heldBy(this.#registration.holder) })
      return
    }
    this.#waitsForLoad = neverLoaded(worker)
    if (this.#waitsForLoad) {
      worker.send({ type: 'HELD', reason: `waits for the first load of dataset ${JSON.stringify(worker.config.dataset)}` })
      return
    }
    order.request(worker.id)
    // A worker that waits for siblings gives up its place for a slot. It may already have got one and moved on.
    if (!this.#admitted && worker.state === 'queued') slots.release(worker.id)
  }

  /** Continues if it waits for a load and its dataset has items now. */
  seeLoad(): void {
    this.#worker.catchUp()
    if (!this.#waitsForLoad || this.#worker.state !== 'queued' || neverLoaded(this.#worker)) return
    this.#worker.send({ type: 'HELD', reason: 'its dataset was loaded' })
    this.request()
  }

  /** It is its turn to ask for a slot. */
  admit(): void {
    this.#admitted = true
    const { slots, makeRoom } = this.#worker.parts
    slots.request(this.slotRequest)
    if (!slots.holds(this.#worker.id)) makeRoom()
  }

  /** It has gone on to another state. */
  leave(): void {
    this.#admitted = false
  }

  /** Waits for its siblings no more, unless it has its slot already. */
  standBack(): void {
    const { slots, order } = this.#worker.parts
    if (this.#worker.state === 'queued' && !slots.holds(this.#worker.id)) order.withdraw(this.#worker.id)
  }

  /** Gives the slot back, or the place in the line. */
  release(): void {
    this.#worker.parts.order.withdraw(this.#worker.id)
    this.#worker.parts.slots.release(this.#worker.id)
  }
}
