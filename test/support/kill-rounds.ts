/**
 * Kills a host with -9 at random moments of a run, again and again, lets the last one finish, and checks what is left: exactly one
 * result per item and lane, none lost, none doubled, and every attempt under a number of its own.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as assert from 'uvu/assert'
import { createDrover, type RunReport } from '../../src/index.js'
import type { HostOrders } from '../fixtures/host.js'
import { hangMs } from './hang.js'
import { collect, puppet } from './system.js'

export interface KillPlan {
  folder: string
  rounds: number
  items: number
  lanes: number
  /** How long a task takes. */
  everyMs: number
  /** Killed at most so long after it is running. */
  withinMs: number
  /** 0 to 1, repeatable. */
  random: () => number
  /** @defaultValue 'thread' */
  isolation?: 'thread' | 'process'
}

export interface KillReport {
  kills: number
  /** Kills by what the host had last said. */
  moments: Record<string, number>
  /** Results that took more than one attempt. */
  retried: number
  highestAttempt: number
}

const host = fileURLToPath(new URL('../fixtures/host.js', import.meta.url))

/** What a host is told, with its files in this folder. */
export function hostOrders(folder: string, orders: Omit<HostOrders, 'store' | 'starts'>): HostOrders {
  return { store: join(folder, 'test.db'), starts: join(folder, 'starts.jsonl'), ...orders }
}

/** @param detached in a process group of its own, as a terminal makes them */
export function startHost(orders: HostOrders, detached = false): ChildProcess {
  return fork(host, [JSON.stringify(orders)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], detached })
}

/** The next message of a host that satisfies the condition; fails if it ends before, or hangs. */
export async function said<T extends { at: string }>(child: ChildProcess, at: string): Promise<T> {
  const deadline = AbortSignal.timeout(hangMs)
  const heard: string[] = []
  return new Promise<T>((resolve, reject) => {
    const onMessage = (message: T) => {
      heard.push(message.at)
      if (message.at === at) end(() => resolve(message))
    }
    const onExit = (code: number | null) => end(() => reject(new Error(`the host ended with ${code} before it said ${at}`)))
    const onLate = () => end(() => reject(new Error(`the host does not say ${at}; it said ${heard.slice(-20).join(', ')}`)))
    const end = (settle: () => void) => {
      child.off('message', onMessage)
      child.off('exit', onExit)
      deadline.removeEventListener('abort', onLate)
      settle()
    }
    child.on('message', onMessage)
    child.on('exit', onExit)
    deadline.addEventListener('abort', onLate)
  })
}

export async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

export async function killRounds({
  folder,
  rounds,
  items,
  lanes,
  everyMs,
  withinMs,
  random,
  isolation = 'thread',
}: KillPlan): Promise<KillReport> {
  const orders = hostOrders(folder, { lanes, items, everyMs, concurrency: 4, isolation })
  const report: KillReport = { kills: 0, moments: {}, retried: 0, highestAttempt: 1 }

  for (let round = 0; round < rounds; round++) {
    const child = startHost(orders)
    let moment = 'opening'
    child.on('message', ({ at }: { at: string }) => {
      moment = at
    })
    // One kill in ten comes while the host comes up; the others while it works.
    const early = random() < 0.1
    await (early ? once(child, 'spawn') : said(child, 'running')).catch(() => {})
    await new Promise((resolve) => setTimeout(resolve, random() * (early ? 1_000 : withinMs)))
    const killed = child.exitCode === null
    await kill(child)
    if (!killed) continue
    assert.is(child.signalCode, 'SIGKILL', 'the host was to be killed')
    report.kills++
    if (report.kills % 20 === 0) console.log(`  ${report.kills} kills`)
    report.moments[moment] = (report.moments[moment] ?? 0) + 1
  }

  const last = startHost({ ...orders, everyMs: 0 })
  const { report: run } = await said<{ at: string; report: RunReport }>(last, 'done')
  if (last.exitCode === null) await once(last, 'exit')
  assert.is(last.exitCode, 0, 'a host that is done ends by itself')
  assert.is(run.results, items * lanes, 'results counted')
  assert.is(run.dead, 0, 'a kill of the host never makes a task dead')
  await check(orders, report)
  return report
}

async function check(orders: HostOrders, report: KillReport): Promise<void> {
  const starts = new Map<string, number[]>()
  if (existsSync(orders.starts)) {
    for (const line of readFileSync(orders.starts, 'utf8').split('\n')) {
      if (line === '') continue
      const { worker, key, attempt } = JSON.parse(line) as { worker: string; key: string; attempt: number }
      const id = `${worker} ${key}`
      const attempts = starts.get(id)
      if (attempts) attempts.push(attempt)
      else starts.set(id, [attempt])
    }
  }
  const system = await createDrover({
    store: orders.store,
    log: { console: false, dir: false },
    workers: [{ id: 'annotator-0/x', module: puppet, dataset: 'data' }],
  })
  const results = await collect(system.results())
  await system.close()
  assert.is(results.length, orders.items * orders.lanes, 'results stored')
  const seen = new Set<string>()
  for (const { worker, key, attempt, value } of results) {
    const id = `${worker} ${key}`
    assert.not.ok(seen.has(id), `${id} has two results`)
    seen.add(id)
    assert.equal(value, { key })
    const attempts = starts.get(id) ?? []
    assert.is(new Set(attempts).size, attempts.length, `${id} was started twice under one number: ${attempts}`)
    assert.ok(attempts.includes(attempt), `${id} has a result of attempt ${attempt}, but started ${attempts}`)
    assert.is(Math.max(...attempts), attempt, `${id} was started again after its result: ${attempts}, result of ${attempt}`)
    if (attempt > 1) report.retried++
    report.highestAttempt = Math.max(report.highestAttempt, attempt)
  }
}
