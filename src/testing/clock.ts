/**
 * The clock of a test: real time, faster time, or time that stands still until it is moved. Code with a {@link Clock} measures
 * and waits only by it, so a day of limits is tested in seconds.
 */
import { longestTimerMs } from '../bounds.js'
import { DroverError } from '../errors.js'

/** A time, and timers that run on it. */
export interface Clock {
  /** Milliseconds since the epoch; may be a fraction. */
  now(): number
  /**
   * Calls `fn` once after `ms` of this clock, never earlier.
   *
   * @param ms at least 0
   * @returns a function that cancels the call; no effect after the call
   */
  after(ms: number, fn: () => void): () => void
}

/** A clock that moves only when told to. */
export interface ManualClock extends Clock {
  /**
   * Moves the time forward. Timers that become due are called in order, each at its own time, including timers added by these
   * calls.
   *
   * @param ms at least 0
   * @throws DroverError ARGUMENT_INVALID
   */
  advance(ms: number): void
  /** Number of waiting timers. */
  readonly pending: number
}

/** The options of {@link simulatedClock}. */
export interface SimulatedClockOptions {
  /**
   * The first time, in ms since the epoch.
   * @defaultValue 2025-01-15T12:00:00Z, so that a test is the same every day
   */
  start?: number
  /**
   * Ms of this clock in one real ms: with 600, ten minutes take a second. More than 0. Timers are real timers with a resolution
   * of one real ms (here 600 ms). Not together with {@link manual}.
   * @defaultValue 1
   */
  speed?: number
  /** The time stands still until {@link ManualClock.advance}. */
  manual?: boolean
}

const defaultStart = Date.UTC(2025, 0, 15, 12)

/** Real time. It never goes back, even if the system's clock is set. */
export const realClock: Clock = runningClock(performance.timeOrigin + performance.now(), 1)

/**
 * A clock for tests.
 *
 * @throws DroverError ARGUMENT_INVALID if an option is invalid
 * @example
 * const clock = simulatedClock({ manual: true })
 * clock.after(60_000, () => console.log('a minute later'))
 * clock.advance(60_000)
 */
export function simulatedClock(options: SimulatedClockOptions & { manual: true }): ManualClock
export function simulatedClock(options?: SimulatedClockOptions & { manual?: false }): Clock
export function simulatedClock(options: SimulatedClockOptions = {}): Clock {
  for (const name of Object.keys(options)) {
    if (!['start', 'speed', 'manual'].includes(name)) throw invalid(`${name} is not an option; known are start, speed, manual`)
  }
  const { start = defaultStart, speed = 1, manual = false } = options
  if (!Number.isFinite(start) || Math.abs(start) > 8.64e15) throw invalid(`start: expected ms since the epoch, received ${String(start)}`)
  if (!Number.isFinite(speed) || speed <= 0) throw invalid(`speed: expected a number above 0, received ${String(speed)}`)
  if (typeof manual !== 'boolean') throw invalid(`manual: expected true or false, received ${String(manual)}`)
  if (!manual) return runningClock(start, speed)
  if (options.speed !== undefined) throw invalid(`speed: expected no value together with manual, received ${speed}`)
  return manualClock(start)
}

function runningClock(start: number, speed: number): Clock {
  const base = performance.now()
  const now = (): number => start + (performance.now() - base) * speed
  return {
    now,
    after(ms, fn) {
      const due = now() + checkedMs(ms)
      let timer: NodeJS.Timeout
      const wait = (): void => {
        timer = setTimeout(ring, Math.min(longestTimerMs, Math.ceil((due - now()) / speed)))
      }
      // A timer may fire a little early, and a wait that is too long for Node.js is split.
      const ring = (): void => (now() < due ? wait() : fn())
      wait()
      return () => clearTimeout(timer)
    },
  }
}

function manualClock(start: number): ManualClock {
  let time = start
  // In the order of their time; those of the same time as they were added.
  const timers: { due: number; fn: () => void }[] = []
  return {
    now: () => time,
    after(ms, fn) {
      const timer = { due: time + checkedMs(ms), fn }
      const later = timers.findIndex(({ due }) => due > timer.due)
      timers.splice(later === -1 ? timers.length : later, 0, timer)
      return () => {
        const index = timers.indexOf(timer)
        if (index !== -1) timers.splice(index, 1)
      }
    },
    advance(ms) {
      const until = time + checkedMs(ms)
      for (let next = timers[0]; next && next.due <= until; next = timers[0]) {
        timers.shift()
        // A call may itself have moved the time further.
        time = Math.max(time, next.due)
        next.fn()
      }
      time = Math.max(time, until)
    },
    get pending() {
      return timers.length
    },
  }
}

function checkedMs(ms: number): number {
  if (!(Number.isFinite(ms) && ms >= 0)) throw invalid(`expected milliseconds, at least 0, received ${String(ms)}`)
  return ms
}

function invalid(message: string): DroverError {
  return new DroverError('ARGUMENT_INVALID', `simulatedClock: ${message}`)
}
