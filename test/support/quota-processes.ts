/**
 * Real processes with real threads on one quota. Whether too much was granted is judged always; whether enough was, only where the machine gave the
 * threads their time: what it did not give nobody could use.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import * as assert from 'uvu/assert'
import { machineMs } from '../../src/time/machine-clock.js'
import type { QuotaHostCall, QuotaHostOrders } from '../fixtures/quota-host.js'
import type { NotedCall } from '../fixtures/quota-thread.js'
import { type BusySpan, mostPossible, type ProviderLimit, refusals } from './quota-checker.js'

const module = fileURLToPath(new URL('../fixtures/quota-host.js', import.meta.url))
const processes = new Set<ChildProcess>()

/** Threads whose event loops were late by more than that, or whose store took longer to answer, did not have their time. */
const fairLagMs = 40

/**
 * Between the last look at a grant's date and the call a thread needs microseconds. If the machine stops it there, for longer than that, no limiter can
 * know: the call counts as made so long after the look.
 */
const handMs = 2

/** A process that is loaded, and has opened nothing yet. */
export class QuotaHost {
  readonly child: ChildProcess
  readonly #said: unknown[] = []
  #wake: () => void = () => {}

  constructor(orders: QuotaHostOrders) {
    this.child = fork(module, [JSON.stringify(orders)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    processes.add(this.child)
    this.child.on('message', (message) => {
      this.#said.push(message)
      this.#wake()
    })
    this.child.once('exit', () => {
      processes.delete(this.child)
      this.#wake()
    })
    // Its last words may come after its exit.
    this.child.once('disconnect', () => this.#wake())
  }

  /** What it says next; fails if it ends without a word. */
  async next<T>(): Promise<T> {
    while (this.#said.length === 0) {
      if ((this.child.exitCode !== null || this.child.signalCode !== null) && !this.child.connected)
        throw new Error(`ended with ${this.child.signalCode ?? this.child.exitCode}`)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    return this.#said.shift() as T
  }

  /** Opens the quota. */
  async open(): Promise<void> {
    this.child.send('open')
    await this.next<'ready'>()
  }

  call(untilMs: number): void {
    this.child.send({ untilMs } satisfies QuotaHostCall)
  }

  /** Its worst lag in ms, once it has closed everything and is gone. */
  async ended(): Promise<number> {
    const { worstLagMs } = await this.next<{ worstLagMs: number }>()
    if (this.child.exitCode === null) await once(this.child, 'exit')
    return worstLagMs
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL')
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'exit')
    assert.is(this.child.signalCode, 'SIGKILL', 'it was there to be killed')
  }
}

/** To be run after each test. */
export async function endQuotaHosts(): Promise<void> {
  for (const child of processes) child.kill('SIGKILL')
  await Promise.all([...processes].map((child) => once(child, 'exit')))
}

/** All of them loaded. */
export async function startHosts(orders: readonly QuotaHostOrders[]): Promise<QuotaHost[]> {
  for (const { folder } of orders) mkdirSync(folder, { recursive: true })
  const hosts = orders.map((each) => new QuotaHost(each))
  await Promise.all(hosts.map((host) => host.next<'warm'>()))
  return hosts
}

/** Lets all of them call for so long, and answers with when that was and the worst lag; `during` runs meanwhile. */
export async function callFor(
  hosts: readonly QuotaHost[],
  ms: number,
  during: (hosts: readonly QuotaHost[], untilMs: number) => Promise<QuotaHost[]> = async () => [],
): Promise<{ span: BusySpan; worstLagMs: number }> {
  await Promise.all(hosts.map((host) => host.open()))
  const until = machineMs() + ms
  for (const host of hosts) host.call(until)
  const killed = await during(hosts, until)
  const lags = await Promise.all(hosts.filter((host) => !killed.includes(host)).map((host) => host.ended()))
  return { span: { from: 0, until }, worstLagMs: Math.max(...lags) }
}

/** What all threads have noted, in order of time. */
export function notesIn(folder: string): NotedCall[] {
  const lines = readdirSync(folder).flatMap((file) => readFileSync(`${folder}/${file}`, 'utf8').split('\n'))
  const notes = lines.filter((line) => line.endsWith('}')).map((line) => JSON.parse(line) as NotedCall)
  return notes.sort((a, b) => a.at - b.at)
}

export interface Verdict {
  /** Limits of single quotas, by name. @defaultValue none */
  limits?: Record<string, readonly ProviderLimit[]>
  /** Those that bind, all calls together. */
  together: readonly ProviderLimit[]
  notes: readonly NotedCall[]
  spans: readonly BusySpan[]
  worstLagMs: number
  /** @defaultValue 0.97 */
  leastUsed?: number
}

/** Fails if one call was too many, or if less was used than could have been. */
export function judge({ limits = {}, together, notes, spans, worstLagMs, leastUsed = 0.97 }: Verdict): void {
  const calls = notes.map(({ at, since, quota, amount }) => ({ at: Math.min(at, since + handMs), quota, amount }))
  const stopped = notes.filter(({ at, since }) => at > since + handMs).length
  for (const limit of together) assert.is(inWords(refusals(calls, limit)), 'none', `refused by ${JSON.stringify(limit)}, of all together`)
  for (const [quota, each] of Object.entries(limits)) {
    const own = calls.filter((call) => call.quota === quota)
    assert.ok(own.length > 0, `${quota} was used`)
    for (const limit of each) assert.is(inWords(refusals(own, limit)), 'none', `refused by ${JSON.stringify(limit)} of ${quota}`)
  }
  const first = calls[0]?.at ?? 0
  const used = calls.reduce((sum, { amount }) => sum + amount, 0)
  const possible = mostPossible(
    spans.map(({ from, until }) => ({ from: Math.max(first, from), until })),
    together,
  )
  const share = used / possible
  const report = `${used} of ${possible.toFixed(1)} used (${(share * 100).toFixed(1)} %), worst lag ${worstLagMs.toFixed(0)} ms, ${stopped} calls stopped at the last moment`
  if (share >= leastUsed) console.log(report)
  else if (worstLagMs > fairLagMs) console.log(`${report}: the machine had no time for the threads, what was used tells nothing`)
  else assert.unreachable(`${report}; at least ${leastUsed * 100} % should be`)
}

function inWords(refused: readonly { at: number; over: number }[]): string {
  const [first] = refused
  if (!first) return 'none'
  const most = Math.max(...refused.map(({ over }) => over))
  return `${refused.length} calls, over by ${most.toFixed(3)} at most; the first at ${first.at.toFixed(3)} by ${first.over.toFixed(3)}`
}
