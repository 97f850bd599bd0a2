/**
 * Progress on the terminal: bars that are redrawn in place on a TTY, plain lines otherwise. It only reads, and does not affect
 * the system.
 */
import { createRequire } from 'node:module'
import type { SingleBar } from 'cli-progress'
import type { DroverEvents } from '../events/event-map.js'
import { type Terminal, takeTerminal, writeTerminal } from '../logs/terminal.js'
import type { WorkerState } from '../machines/lifecycle/states.js'
import { type Every, every as realEvery } from '../time/every.js'
import { atOnce, piecewise } from '../time/turns.js'
import { argumentError, checkFunction, duration } from '../validation/arguments.js'
import { checkOptions } from '../validation/filters.js'
import { firstLine } from '../values/first-of.js'
import { type Picture, pictureOf, type Viewed } from './picture.js'
import { progressLine, progressRows, type Row } from './rows.js'

type WatchedEvent = 'worker:state:changed' | 'system:state:changed'

/** The part of a system that progress needs. */
export interface ProgressSource {
  /** @internal */
  view: Viewed
  on<Name extends WatchedEvent>(name: Name, listener: (payload: DroverEvents[Name]) => void): unknown
  off<Name extends WatchedEvent>(name: Name, listener: (payload: DroverEvents[Name]) => void): unknown
}

/** The options of {@link showProgress}. */
export interface ProgressOptions {
  /** Where to show it. @defaultValue process.stderr */
  terminal?: Terminal
  /** Milliseconds between two updates; less than 50 counts as 50. @defaultValue 250 on a TTY, 10_000 otherwise */
  everyMs?: number
  /** @defaultValue Date.now */
  now?: () => number
  every?: Every
}

/** @throws DroverError ARGUMENT_INVALID */
export function checkProgress(options: ProgressOptions): void {
  const { terminal, everyMs, now, every } = checkOptions('the options of showProgress', options, ['terminal', 'everyMs', 'now', 'every'])
  if (terminal !== undefined && typeof terminal?.write !== 'function') throw argumentError('terminal', 'a stream to write to', terminal)
  if (everyMs !== undefined) duration('everyMs', everyMs)
  if (now !== undefined) checkFunction('now', now)
  if (every !== undefined) checkFunction('every', every)
}

/** A progress that is shown. */
export interface Progress {
  /** Shows the progress for the last time. A second call does nothing. */
  stop(): void
}

/** One way of showing. */
interface Shown {
  /** The rows that there are, for the system and for workers. */
  rows(): number
  update(picture: Picture): void
  changed?(change: DroverEvents['worker:state:changed']): void
  end(picture: Picture): void
}

/** States that are worth a line of their own. */
const noteworthy: ReadonlySet<WorkerState> = new Set(['stuck', 'crashed', 'blacklisted', 'parked', 'completed'])

/**
 * Shows the progress of a system until it is closed or `stop` is called.
 *
 * @example
 * showProgress(drover)
 * await drover.start()
 * await drover.done()
 */
export function showProgress(drover: ProgressSource, options: ProgressOptions = {}): Progress {
  if (typeof drover?.view?.glances !== 'function') throw argumentError('the first argument of showProgress', 'a system', drover)
  checkProgress(options)
  const { terminal = process.stderr, now = Date.now, every = realEvery } = options
  const shown = terminal.isTTY ? bars(terminal, now) : lines(terminal, now)
  const everyMs = Math.max(50, options.everyMs ?? (terminal.isTTY ? 250 : 10_000))
  const onWorker = (change: DroverEvents['worker:state:changed']): void => shown.changed?.(change)
  const onSystem = ({ to }: DroverEvents['system:state:changed']): void => {
    if (to === 'closed' || to === 'failed') stop()
  }
  let stopped = false
  let looking = false
  const look = (): Generator<void, Picture, void> => pictureOf(drover.view, shown.rows())

  /** Thousands of workers are looked at in several turns of the event loop. */
  async function update(): Promise<void> {
    if (looking) return
    looking = true
    try {
      const picture = await piecewise(look())
      if (!stopped) shown.update(picture)
    } finally {
      looking = false
    }
  }

  function stop(): void {
    if (stopped) return
    stopped = true
    stopTicking()
    drover.off('worker:state:changed', onWorker)
    drover.off('system:state:changed', onSystem)
    shown.end(atOnce(look()))
  }

  drover.on('worker:state:changed', onWorker)
  drover.on('system:state:changed', onSystem)
  const stopTicking = every(everyMs, () => void update())
  const first = atOnce(look())
  shown.update(first)
  if (first.state === 'closed' || first.state === 'failed') stop()
  return { stop }
}

function lines(terminal: Terminal, now: () => number): Shown {
  const write = (text: string): void => writeTerminal(terminal, `${new Date(now()).toISOString().slice(11, 19)} ${text}\n`)
  let last = ''
  const update = (picture: Picture): void => {
    const { done, dead, total, states } = picture
    const news = JSON.stringify([done, dead, total, states])
    if (news !== last) write(progressLine(picture))
    last = news
  }
  return {
    rows: () => 0,
    update,
    changed: ({ worker, to, reason }) => {
      if (noteworthy.has(to)) write(`${worker}: ${to} (${firstLine(reason)})`)
    },
    end: update,
  }
}

/** Rows of the terminal that are left alone. */
const margin = 2

function bars(terminal: Terminal, now: () => number): Shown {
  // Loaded where there are bars, which few starts have.
  const { MultiBar, Format } = createRequire(import.meta.url)('cli-progress') as typeof import('cli-progress')
  const columns = terminal.columns ?? 80
  const multi = new MultiBar({
    stream: terminal as NodeJS.WritableStream,
    format: (options, params, { row, width }: { row: Row | string; width: number }) => {
      if (typeof row === 'string') return row
      const name = row.name.length > width ? `${row.name.slice(0, width - 1)}…` : row.name.padEnd(width)
      return `${name} ${Format.BarFormat(params.progress, options)} ${row.facts}`
    },
    barsize: Math.max(8, Math.min(30, columns - 75)),
    barCompleteChar: '█',
    barIncompleteChar: '░',
    emptyOnZero: true,
    linewrap: true,
    // A log line overwrites a bar.
    forceRedraw: true,
    // Drawn by our own timer only: cli-progress's would draw old values in between.
    fps: 0.001,
  })
  const drawn: SingleBar[] = []
  const giveBack = takeTerminal(terminal, (text) => multi.log(text))

  function update(picture: Picture): void {
    const { system, lanes, rest } = progressRows(picture, now())
    const rows: (Row | string)[] = [system, ...lanes, ...(rest === '' ? [] : [rest])]
    const width = Math.min(30, Math.max(...[system, ...lanes].map((row) => row.name.length)))
    for (const extra of drawn.splice(rows.length)) multi.remove(extra)
    for (const [index, row] of rows.entries()) {
      const { done, total } = typeof row === 'string' ? { done: 0, total: 0 } : row
      const bar = drawn[index] ?? multi.create(total, done, { row, width })
      drawn[index] = bar
      bar.setTotal(total)
      bar.update(Math.min(done, total), { row, width })
    }
    multi.update()
  }

  return {
    rows: () => Math.max(2, (terminal.rows ?? 24) - margin),
    update,
    end: (picture) => {
      update(picture)
      giveBack()
      multi.stop()
    },
  }
}
