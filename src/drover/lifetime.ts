/** A system's state from open to closed: whether calls are still accepted, and waits that end with it. */
import type { OpenSystem } from '../actors/system/contract.js'
import type { SystemStatus } from '../actors/system/status.js'
import { DroverError } from '../errors.js'
import { Interruption } from '../store/interrupted-by-signal.js'

export class Lifetime {
  readonly #system: OpenSystem
  #state: SystemStatus['state'] = 'open'
  #failed: DroverError | null = null
  #isClosing = false
  /** A signal has asked for the end. */
  #interrupted: Interruption | null = null

  constructor(system: OpenSystem) {
    this.#system = system
  }

  get state(): SystemStatus['state'] {
    return this.#state
  }
  /** Whether the system is closing or closed. */
  get isClosing(): boolean {
    return this.#isClosing
  }
  get hasFailed(): boolean {
    return this.#failed !== null
  }
  /** The signal that has asked for the end. */
  get interrupted(): Interruption | null {
    return this.#interrupted
  }
  /** Whether no worker changes its state by itself. */
  get allSettled(): boolean {
    for (const managed of this.#system.managed.values()) if (!managed.settled) return false
    return true
  }

  become(to: SystemStatus['state']): void {
    const { parts } = this.#system
    const from = this.#state
    this.#state = to
    parts.publish('system:state:changed', { from, to, at: parts.now() })
    parts.changed()
  }

  /** Notes a signal, and aborts waits for things outside the system. */
  interrupt(signal: NodeJS.Signals): Interruption {
    this.#interrupted = new Interruption(signal)
    this.#system.ending.abort(this.#interrupted)
    return this.#interrupted
  }

  /** Notes that the store is gone, and aborts waits for things outside the system. */
  fail(error: unknown): DroverError {
    const message = error instanceof Error ? error.message : String(error)
    this.#failed = DroverError.is(error) ? error : new DroverError('STORE_FAILED', message, { cause: error })
    this.#system.ending.abort(this.#failed)
    return this.#failed
  }

  /** From now on calls are refused. */
  closing(): void {
    this.#isClosing = true
  }

  /** @throws DroverError CLOSED, or the error that the system failed with */
  assertOpen(): void {
    if (this.#failed) throw this.#failed
    if (this.#isClosing) throw new DroverError('CLOSED', `the system is ${this.#state}`)
  }

  /** As the system's own `until`, but rejects if the system fails or closes first. */
  async until(condition: () => boolean): Promise<void> {
    let failed = false
    let closed = false
    await this.#system.until(() => {
      failed = this.#failed !== null && !this.#isClosing
      closed = this.#state === 'closed'
      return failed || closed || condition()
    })
    if (failed) throw this.#failed
    if (closed && !condition()) throw new DroverError('CLOSED', 'the system was closed meanwhile')
  }
}
