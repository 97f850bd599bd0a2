/** How a system ends: closed by the program, after a signal, or because its store is gone. */
import { askAll } from '../actors/supervisor/ask-all.js'
import { stopInOrder } from '../actors/supervisor/stop-in-order.js'
import type { OpenSystem } from '../actors/system/opened.js'
import type { Waker } from '../actors/system/wake-workers.js'
import type { ManagedWorker } from '../actors/worker/worker.js'
import { DroverError } from '../errors.js'
import { TimeLimit } from '../time/time-limit.js'
import type { Done } from './done.js'
import { type Drain, drainOf } from './drain.js'
import type { Lifetime } from './lifetime.js'
import type { Uses } from './uses.js'

/** After a signal that came while nobody waited for the end: how long nobody has to be at a system until it is closed, ... */
const letGoMs = 250
/** ... and how long where the end had been waited for, so that the program may be about to read results. */
const aboutToReadMs = 2_000

/** Closing, the store has at least so long for what is left to write. */
const leastStoreMs = 5_000

export interface CloseMeans {
  system: OpenSystem
  lifetime: Lifetime
  done: Done
  waker: Waker
  uses: Uses
}

export class Close {
  readonly #system: OpenSystem
  readonly #lifetime: Lifetime
  readonly #done: Done
  readonly #waker: Waker
  readonly #uses: Uses
  #closing: Promise<void> | null = null
  /** Aborts when the system is closed: an export into a pipe that nobody reads would never know. */
  readonly #over = new AbortController()
  /** Called when it is closed. */
  readonly #releases = new Set<() => void>()

  constructor({ system, lifetime, done, waker, uses }: CloseMeans) {
    this.#system = system
    this.#lifetime = lifetime
    this.#done = done
    this.#waker = waker
    this.#uses = uses
  }

  /** Aborts when the system is closed. */
  get over(): AbortSignal {
    return this.#over.signal
  }

  /** Is called when the system is closed. */
  onClosed(release: () => void): void {
    this.#releases.add(release)
  }

  close(options: Drain): Promise<void> {
    try {
      const drain = drainOf('close', options)
      this.#closing ??= this.#close(drain)
      this.#lifetime.closing()
      return this.#closing
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** A signal asks for the end. */
  interrupt(signal: NodeJS.Signals): void {
    const { interrupted, isClosing, hasFailed } = this.#lifetime
    if (interrupted || isClosing || hasFailed) return
    const { message } = this.#lifetime.interrupt(signal)
    this.#waker.sleep()
    this.#system.parts.logs.part('system').warn(`${message}: tasks in hand are finished; once more ends the process at once`)
    this.#stopAll(message, {})
    this.#system.parts.changed()
    const quietMs = this.#done.isAwaited ? aboutToReadMs : letGoMs
    this.#done.signalled()
    void this.#windDown(quietMs)
  }

  /** The store is gone. */
  fail(error: unknown): void {
    const { parts, root, managed } = this.#system
    const { message } = this.#lifetime.fail(error)
    root.send({ type: 'FAIL' })
    this.#lifetime.become('failed')
    parts.publish('store:thread:failed', { message, at: parts.now() })
    const all = [...managed.values()]
    for (const own of [...all].reverse()) own.standBack()
    const inHand = all.filter(({ live }) => live)
    const stop = (own: ManagedWorker): void => own.stop({ type: 'STOP', reason: 'the store is gone', drainMs: 0, closing: true })
    void askAll([...inHand, ...all.filter(({ live }) => !live)], stop)
  }

  /** After a signal, once all is drained: the process ends when the program comes to its end, whether that closes or not. */
  async #windDown(quietMs: number): Promise<void> {
    const close = (): void => void this.close({})
    process.once('beforeExit', close)
    this.onClosed(() => process.off('beforeExit', close))
    await this.#system.until(() => this.#lifetime.allSettled || this.#lifetime.isClosing)
    if (this.#lifetime.isClosing) return
    this.#system.parts.store.unref()
    await this.#uses.quiet(quietMs)
    if (!this.#done.isAwaited) await this.close({})
  }

  async #close({ drainMs }: { drainMs?: number }): Promise<void> {
    const { root, shutDown, parts, ending, until } = this.#system
    const began = performance.now()
    this.#lifetime.become('closing')
    ending.abort(new DroverError('CLOSED', 'the system is closing'))
    root.send({ type: 'CLOSE' })
    this.#waker.stop()
    const stopMs = this.#stopAll('the system is closing', { ...(drainMs !== undefined && { drainMs }) }) + parts.config.killMs
    // Also one that has failed is closed: that is no reason to stop halfway.
    await until(() => this.#lifetime.allSettled)
    // What is left of the time for workers is the store's: it may be locked.
    const storeMs = (): number => Math.max(leastStoreMs, Math.round(began + stopMs - performance.now()))
    const limit = new TimeLimit(storeMs(), 'those who wait in done() were not answered')
    await Promise.race([this.#done.answered(), limit.over.catch(() => {})])
    limit.clear()
    if (this.#lifetime.interrupted) await this.#done.keepLast()
    await shutDown(storeMs())
    this.#lifetime.become('closed')
    this.#over.abort(new DroverError('CLOSED', 'the system is closed'))
    for (const release of this.#releases) release()
  }

  /**
   * Because the host ends: nothing brings a worker back.
   *
   * @returns how long they may take to drain
   */
  #stopAll(reason: string, drain: { drainMs?: number }): number {
    const all = [...this.#system.managed.values()]
    // Whoever stands at the end of the line is found there at once.
    for (const managed of [...all].reverse()) managed.standBack()
    // One on parole, too, need only be wanted no more.
    const running = all.filter(({ settled, state }) => !settled && state !== 'blacklisted')
    const stopping = new Set(running)
    void askAll(
      all.filter((managed) => !stopping.has(managed)),
      (managed) => managed.announceStop(),
    )
    // However many there are under one supervisor, together they take no longer than one may.
    const withinMs = drain.drainMs ?? running.reduce((most, { config }) => Math.max(most, config.drainMs), 0)
    void stopInOrder(this.#system, running, { type: 'STOP', reason, closing: true, ...drain }, { withinMs })
    return withinMs
  }
}
