/** How a system ends: closed by the program, after a signal, or because its store is gone. */
import { askAll } from '../actors/supervisor/ask-all.js'
import { stopAtOnce, stopInOrder } from '../actors/supervisor/stop-in-order.js'
import type { OpenSystem } from '../actors/system/contract.js'
import type { Waker } from '../actors/system/wake-workers.js'
import { DroverError } from '../errors.js'
import { TimeLimit } from '../time/time-limit.js'
import type { Done } from './done.js'
import { type Drain, drainOf } from './drain.js'
import type { Lifetime } from './lifetime.js'
import type { OpenCalls } from './open-calls.js'

/** After a signal, if no call of `done()` was waiting: the system is closed after this time without a call. */
const letGoMs = 250
/** The same if a call of `done()` was waiting: the program may be about to read results. */
const aboutToReadMs = 2_000

/** The least time that closing gives the store for its last writes. */
const leastStoreMs = 5_000

export interface CloseMeans {
  system: OpenSystem
  lifetime: Lifetime
  done: Done
  waker: Waker
  uses: OpenCalls
}

export class Close {
  readonly #system: OpenSystem
  readonly #lifetime: Lifetime
  readonly #done: Done
  readonly #waker: Waker
  readonly #uses: OpenCalls
  #closing: Promise<void> | null = null
  /** Aborts when the system is closed. An export into a pipe without a reader would not notice otherwise. */
  readonly #over = new AbortController()
  /** Called when the system is closed. */
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

  /** Registers a function to call when the system is closed: at once if it is. */
  onClosed(release: () => void): void {
    if (this.#lifetime.state === 'closed') this.#release(release)
    else this.#releases.add(release)
  }

  /** One that throws keeps no other from being called. */
  #release(release: () => void): void {
    try {
      release()
    } catch (error) {
      this.#system.parts.logs.part('system').error('something could not be released when the system was closed', { error })
    }
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
    this.#system.parts.logs.part('system').warn(`${message}: tasks in hand may finish; a second signal ends the process at once`)
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
    parts.slots.shut()
    for (const own of all) own.cancelStarts()
    void stopAtOnce(all, { type: 'STOP', reason: 'the store is gone', drainMs: 0, closing: true })
  }

  /** After a signal, closes the system once all is drained, so that the process can end even if the program never closes it. */
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
    // A failed system is closed too, and all the way.
    await until(() => this.#lifetime.allSettled)
    parts.introductions.program.end(new DroverError('CLOSED', 'the system is closed'))
    // After the workers, which may need them to finish their tasks.
    await parts.pools.close(drainMs)
    // The store gets the rest of the time for workers: it may be locked.
    const storeMs = (): number => Math.max(leastStoreMs, Math.round(began + stopMs - performance.now()))
    const limit = new TimeLimit(storeMs(), 'waiting calls of done() were not answered')
    await Promise.race([this.#done.answered(), limit.over.catch(() => {})])
    limit.clear()
    if (this.#lifetime.interrupted) await this.#done.keepLast()
    await shutDown(storeMs())
    this.#lifetime.become('closed')
    this.#over.abort(new DroverError('CLOSED', 'the system is closed'))
    for (const release of this.#releases) this.#release(release)
  }

  /**
   * Stops all workers for good, because the host ends.
   *
   * @returns how long they may drain, in ms
   */
  #stopAll(reason: string, drain: { drainMs?: number }): number {
    const all = [...this.#system.managed.values()]
    this.#system.parts.slots.shut()
    for (const managed of all) managed.cancelStarts()
    // A worker on parole has no thread: it only has to be no longer wanted.
    const running = all.filter(({ settled, state }) => !settled && state !== 'blacklisted')
    const stopping = new Set(running)
    void askAll(
      all.filter((managed) => !stopping.has(managed)),
      (managed) => managed.announceStop(),
    )
    // All workers under a supervisor together get the time of one.
    const withinMs = drain.drainMs ?? running.reduce((most, { config }) => Math.max(most, config.drainMs), 0)
    void stopInOrder(this.#system, running, { type: 'STOP', reason, closing: true, ...drain }, { withinMs })
    return withinMs
  }
}
