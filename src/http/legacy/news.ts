/**
 * News of single workers for clients of protocol 1: they read these frames, and ignore `update`. Several changes of a worker within a
 * moment are one frame, with its latest status.
 */
import type { Drover } from '../../drover/drover.js'
import type { LogRecord } from '../../logs/logs.js'
import { presentSeedLog, presentSeedWorker } from './present.js'
import type { OldClient } from './whole-states.js'

/** Time between two rounds of frames. */
const everyMs = 100
/** The most workers in a round; the others follow in the next one. */
const mostWorkers = 200
/** The most crashes and errors that wait for a round: further ones are in the log. */
const mostNotes = 50

type Note = { type: 'crash_detected'; data: { message: string } } | { type: 'error'; data: { message: string; log: object } }

export class News {
  readonly #drover: Drover
  readonly #staleMs: number
  readonly #clients: () => OldClient[]
  /** Why their state changed, by worker. */
  readonly #changed = new Map<string, string>()
  /** Workers whose lane advanced. */
  readonly #advanced = new Set<string>()
  #notes: Note[] = []
  #timer: NodeJS.Timeout | null = null
  #stop: (() => void) | null = null

  /**
   * @param staleMs age of a beat from which a worker is stale
   * @param clients those who are connected now
   */
  constructor(drover: Drover, staleMs: number, clients: () => OldClient[]) {
    this.#drover = drover
    this.#staleMs = staleMs
    this.#clients = clients
  }

  begin(): void {
    if (this.#stop) return
    const drover = this.#drover
    const changed = ({ worker, reason }: { worker: string; reason: string }): void => {
      this.#changed.set(worker, reason)
      this.#soon()
    }
    const advanced = ({ lanes }: { lanes: readonly { worker: string }[] }): void => {
      for (const { worker } of lanes) this.#advanced.add(worker)
      this.#soon()
    }
    const failed = ({ worker, failure }: { worker: string; failure: { message: string } }): void =>
      this.#note({ type: 'crash_detected', data: { message: `${worker}: ${failure.message}` } })
    drover.on('worker:state:changed', changed).on('lane:counts:changed', advanced).on('worker:failure:recorded', failed)
    const unfollow = drover.onLog(this.#logged)
    this.#stop = () => {
      unfollow()
      drover.off('worker:state:changed', changed).off('lane:counts:changed', advanced).off('worker:failure:recorded', failed)
    }
  }

  /** Nobody is connected any more. */
  rest(): void {
    this.#stop?.()
    this.#stop = null
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
    this.#forget()
  }

  readonly #logged = (record: LogRecord): void => {
    if (record.level === 'error') this.#note({ type: 'error', data: { message: record.message, log: presentSeedLog(record) } })
  }

  #note(note: Note): void {
    if (this.#notes.length < mostNotes) this.#notes.push(note)
    this.#soon()
  }

  #soon(): void {
    this.#timer ??= setTimeout(this.#send, everyMs).unref()
  }

  readonly #send = (): void => {
    this.#timer = null
    const clients = this.#clients()
    if (clients.length === 0) {
      this.#forget()
      return
    }
    const time = { now: Date.now(), staleMs: this.#staleMs }
    const timestamp = new Date(time.now).toISOString()
    const tell = (type: string, data: object): void => {
      const frame = Buffer.from(JSON.stringify({ type, timestamp, data }))
      for (const client of clients) client.send(frame, false)
    }
    const statusOf = (id: string) => {
      const status = this.#drover.view.worker(id)
      return status && presentSeedWorker(status, time)
    }
    let left = mostWorkers
    for (const [id, message] of this.#changed) {
      if (left-- <= 0) break
      this.#changed.delete(id)
      // Its whole status is told here.
      this.#advanced.delete(id)
      const worker = statusOf(id)
      if (worker) tell('status_change', { worker, message })
    }
    for (const id of this.#advanced) {
      if (left-- <= 0) break
      this.#advanced.delete(id)
      const worker = statusOf(id)
      if (worker) tell('progress_update', { worker })
    }
    for (const { type, data } of this.#notes.splice(0)) tell(type, data)
    if (this.#changed.size + this.#advanced.size > 0) this.#soon()
  }

  #forget(): void {
    this.#changed.clear()
    this.#advanced.clear()
    this.#notes = []
  }
}
