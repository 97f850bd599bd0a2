/**
 * The time that a test runs on: the real one, one that runs faster, or one that stands still until it is moved. Whatever takes a
 * {@link Clock} measures and waits by it alone, so a day of limits is tested in seconds.
 */
import { DroverError } from '../errors.js'

/** A time, and timers that run on it. */
export interface Clock {
  /** Milliseconds since the epoch; may be a fraction. */
  now(): number
  /**
   * Calls `fn` once, when so many ms of this clock have passed, never earlier.
   *
   * @param ms at least 0
   * @returns calls it off; does nothing once it was called
   */
  after(ms: number, fn: () => void): () => void
}

/** A clock that moves only when told to. */
export interface ManualClock extends Clock {
  /**
   * Moves the time and calls what falls due on the way, in the order of its time, each at its own; also what those calls add.
   *
   * @param ms at least 0
   * @throws DroverError ARGUMENT_INVALID
   */
  advance(ms: number): void
  /** How many timers wait. */
  readonly pending: number
}

/** Where a {@link simulatedClock} begins, and how it runs. */
export interface SimulatedClockOptions {
  /**
   * The first time, in ms since the epoch.
   * @defaultValue 2025-01-15T12:00:00Z, so that a test is the same every day
   */
  start?: number
  /**
   * How many ms of this clock pass in one of real time: with 600, ten minutes in a second. More than 0. Timers are real ones, whose grain is a
   * millisecond: 600 ms here. Not together with {@link manual}.
   * @defaultValue 1
   */
  speed?: number
  /** The time stands still until {@link ManualClock.advance}. */
  manual?: boolean
}

/** Timers of Node.js overflow beyond this, and fire at once. */
const longestTimer = 2 ** 31 - 1

const defaultStart = Date.UTC(2025, 0, 15, 12)

/** The real time. It never goes back, also where the system's clock is set. */
export const realClock: Clock = runningClock(performance.timeOrigin + performance.now(), 1)

/**
 * A clock for tests.
 *
 * @throws DroverError ARGUMENT_INVALID if an option is not of its form
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
  if (options.speed !== undefined) throw invalid(`speed: expected nothing together with manual, received ${speed}`)
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
        timer = setTimeout(ring, Math.min(longestTimer, Math.ceil((due - now()) / speed)))
      }
      // A timer may come a little early, and one that is too long for Node.js comes in parts.
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
