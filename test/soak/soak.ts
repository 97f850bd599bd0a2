/**
 * Carries out a plan on real processes and threads, kills hosts, and has every note checked while it runs.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { hangMs } from '../support/hang.js'
import { kill, said } from '../support/kill-rounds.js'
import { Checker } from './checker.js'
import type { HostStep, HostWord, Snapshot, SoakOrders } from './host.js'
import { type Note, noteReader, noter } from './notes.js'
import { type PlanOptions, plan, type Step } from './plan.js'
import type { SoakReport } from './report.js'
import { subjects } from './subject.js'

export interface SoakOptions extends PlanOptions {
  /** Where store and notes are kept. */
  folder: string
  /** Told of what goes on. @defaultValue nobody */
  log?: (line: string) => void
}

/** The host. */
const program = fileURLToPath(new URL('./host.js', import.meta.url))
/** A call is answered within so long, on a machine that has other things to do as well. */
const answerMs = hangMs
/** Until everything is done, some task begins at least so often. */
const standstillMs = hangMs
const shownNotes = 50
/** Nothing goes on after a violation. */
const stopped = new Error('stopped at a violation')

export async function soak({ folder, log = () => {}, ...options }: SoakOptions): Promise<SoakReport> {
  const run = new Soak(folder, options, log)
  try {
    await run.play(plan(options), options.minutes * 60_000)
  } catch (error) {
    if (error !== stopped) run.trouble((error as Error).stack ?? String(error))
  } finally {
    await run.end()
  }
  return run.report()
}

class Soak {
  readonly #orders: SoakOrders
  readonly #folder: string
  readonly #note: ReturnType<typeof noter>
  readonly #read: () => Note[]
  readonly #checker: Checker
  readonly #log: (line: string) => void
  readonly #report = {
    done: {},
    failures: {},
    steps: 0,
    planned: 0,
    hosts: 0,
    threads: 0,
    starts: 0,
    results: 0,
    dead: 0,
    notes: 0,
  } as SoakReport
  /** The latest that matter for a violation: not every single task. */
  #latest: Note[] = []
  #before: Note[] = []
  #host: ChildProcess | null = null
  /** What was asked of the host and is not answered. */
  readonly #asked = new Map<number, { step: HostStep; settle: () => void }>()
  #n = 0

  constructor(folder: string, { workers }: PlanOptions, log: (line: string) => void) {
    this.#folder = folder
    this.#log = log
    this.#orders = { store: join(folder, 'soak.db'), notes: join(folder, 'notes.jsonl'), workers }
    this.#note = noter(this.#orders.notes)
    this.#read = noteReader(this.#orders.notes)
    this.#checker = new Checker(subjects(workers))
  }

  /** Goes as far in the plan as the time lasts: a machine that has other things to do gets less far. */
  async play(steps: readonly Step[], withinMs: number): Promise<void> {
    const until = performance.now() + withinMs
    await this.#startHost()
    let n = 0
    for (; n < steps.length && performance.now() < until; n++) {
      const step = steps[n] as Step
      await sleep(step.afterMs)
      await this.#step(n, step, steps[n + 1]?.afterMs === 0)
      this.#look()
      if (this.#checker.violations.length > 0) return
    }
    Object.assign(this.#report, { steps: n, planned: steps.length })
    this.#log(`${n} of ${steps.length} steps done, now everything is to finish`)
    // Also where the time was up before the plan came to it.
    await this.#step(n, { do: 'kill host', afterMs: 0 }, true)
    await this.#reloadAll(steps.slice(0, n))
    await this.#watching(
      this.#ask({ do: 'finish' }),
      standstillMs,
      'a start',
      () => `not everything was done, and for ${standstillMs} ms no task has begun`,
    )
    await this.#lookAtResults()
    this.#note({ k: 'finished' })
    await this.#endHost('close host')
    this.#look()
  }

  async end(): Promise<void> {
    const host = this.#host
    this.#host = null
    if (host) await kill(host)
    this.#look()
  }

  report(): SoakReport {
    return { ...this.#report, checks: this.#checker.checks, violations: this.#checker.violations, before: this.#before }
  }

  trouble(message: string): void {
    this.#note({ k: 'trouble', message })
  }

  async #step(n: number, step: Step, andWait: boolean): Promise<void> {
    this.#note({ k: 'step', n, step })
    const kind = step.do === 'fault' ? step.how : step.do
    this.#report.done[kind] = (this.#report.done[kind] ?? 0) + 1
    switch (step.do) {
      case 'kill host':
      case 'close host':
        await this.#endHost(step.do)
        await this.#startHost()
        return
      case 'look':
        return this.#lookAtResults()
      case 'quiet':
        await this.#allAnswered()
        await this.#within(this.#ask(step), answerMs, 'quiet')
        await this.#lookAtResults()
        await this.#within(this.#ask({ do: 'start', afterMs: 0 }), answerMs, 'start')
        return
      default: {
        const answer = this.#ask(step)
        if (andWait) await this.#within(answer, answerMs, step.do)
      }
    }
  }

  async #startHost(): Promise<void> {
    const host = fork(program, [JSON.stringify(this.#orders)], {
      execArgv: ['--expose-gc'],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    this.#host = host
    this.#report.hosts++
    host.on('message', (word: HostWord) => {
      if (word.at !== 'answered') return
      this.#asked.get(word.n)?.settle()
      this.#asked.delete(word.n)
    })
    host.on('exit', (code, signal) => {
      if (this.#host !== host) return
      this.trouble(`the host ended by itself, with ${signal ?? code}`)
    })
    await said(host, 'open')
  }

  async #endHost(how: 'kill host' | 'close host'): Promise<void> {
    const host = this.#host as ChildProcess
    if (how === 'close host') {
      this.#host = null
      const gone = once(host, 'exit')
      host.send({ n: ++this.#n, step: { do: how, afterMs: 0 } })
      const [code] = (await this.#within(gone, answerMs, 'close')) as [number | null]
      if (code !== 0) this.trouble(`a host that was closed ended with ${code}`)
    } else {
      this.#host = null
      await kill(host)
    }
    this.#note({ k: 'gone', pid: host.pid as number })
    // Nobody is left to answer.
    for (const { settle } of this.#asked.values()) settle()
    this.#asked.clear()
  }

  /** Loads what a host that was killed had been told to load; what is there already is known by its key. */
  async #reloadAll(steps: readonly Step[]): Promise<void> {
    for (const step of steps) if (step.do === 'load') await this.#within(this.#ask(step), answerMs, 'load')
  }

  async #lookAtResults(): Promise<void> {
    const file = join(this.#folder, 'snapshot.json')
    await this.#within(this.#ask({ do: 'snapshot', file }), answerMs, 'snapshot')
    this.#look()
    const { results, dead, done } = JSON.parse(readFileSync(file, 'utf8')) as Snapshot
    rmSync(file)
    const at = Date.now()
    this.#see({ k: 'snapshot', still: done !== null, at })
    for (const { worker, key, attempt, value } of results) this.#see({ k: 'result', worker, key, attempt, ...value, at })
    for (const one of dead) this.#see({ k: 'dead', ...one, at })
    this.#see({ k: 'seen', done, at })
    Object.assign(this.#report, { results: results.length, dead: dead.length })
  }

  #ask(step: HostStep): Promise<void> {
    const n = ++this.#n
    const answered = new Promise<void>((settle) => this.#asked.set(n, { step, settle }))
    this.#host?.send({ n, step })
    return answered
  }

  async #allAnswered(): Promise<void> {
    const waiting = [...this.#asked].map(([, { step }]) => ('worker' in step ? `${step.do} ${step.worker}` : step.do))
    const settled = [...this.#asked.values()].map(
      (asked) =>
        new Promise<void>((resolve) => {
          const { settle } = asked
          asked.settle = () => {
            settle()
            resolve()
          }
        }),
    )
    await this.#within(Promise.all(settled), answerMs, waiting.join(', '))
  }

  #within<T>(work: Promise<T>, ms: number, what: string): Promise<T> {
    return this.#watching(work, ms, 'now', () => `no answer to ${what} within ${ms} ms`)
  }

  /** Waits, and goes on looking; gives up at a violation, and after so long: since it began, or since a task began. */
  async #watching<T>(work: Promise<T>, ms: number, since: 'now' | 'a start', why: () => string): Promise<T> {
    let over = false
    const settled = work.finally(() => {
      over = true
    })
    settled.catch(() => {})
    let starts = this.#report.starts
    let deadline = performance.now() + ms
    for (; !over; await Promise.race([settled, sleep(200)])) {
      this.#look()
      if (since === 'a start' && this.#report.starts > starts) deadline = performance.now() + ms
      starts = this.#report.starts
      if (this.#checker.violations.length > 0) throw stopped
      if (performance.now() > deadline) throw new Error(why())
    }
    return settled
  }

  #look(): void {
    for (const note of this.#read()) this.#see(note)
  }

  #see(note: Note): void {
    const before = this.#checker.violations.length
    this.#checker.see(note)
    this.#count(note)
    if (!['start', 'result', 'dead', 'counts', 'stored'].includes(note.k)) this.#latest = [...this.#latest.slice(1 - shownNotes), note]
    if (before === 0 && this.#checker.violations.length > 0) {
      this.#before = this.#latest.at(-1) === note ? this.#latest : [...this.#latest.slice(1 - shownNotes), note]
    }
  }

  #count(note: Note): void {
    const report = this.#report
    report.notes++
    if (note.k === 'start') report.starts++
    if (note.k === 'spawn') report.threads++
    if (note.k === 'quiet') this.#log(`quiet: ${JSON.stringify(note.reading)}`)
    if (note.k === 'state' && note.failure) report.failures[note.failure.kind] = (report.failures[note.failure.kind] ?? 0) + 1
  }
}
