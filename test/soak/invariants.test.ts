import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Checker } from './checker.js'
import { closesInTime, leakBounds, noTrouble, nothingLeaks } from './invariants/host.js'
import type { Invariant } from './invariants/invariant.js'
import { restartsWithinPolicy, staysBlacklisted, staysStopped } from './invariants/policy.js'
import { fencesRise, oneThread, slotsNotExceeded } from './invariants/threads.js'
import { attemptsHonest, quotaSlackMs, quotasNotExceeded, resultsOnce } from './invariants/work.js'
import type { Note } from './notes.js'
import { concurrency, groups, item, quotas, type Subject, subjects } from './subject.js'

/** A note as it is written, with or without the time. */
type Part = Note extends infer Each ? (Each extends Note ? Omit<Each, 'at'> & { at?: number } : never) : never

const [calm] = subjects(1) as [Subject]
const worker = calm.id
const paroled = { ...calm, id: 'b/x', limits: { ...calm.limits, paroleAfterMs: 1_000 } }
const pid = 7

const spawn = (thread: number, of = worker, at = 0): Part => ({ k: 'spawn', pid, thread, worker: of, at })
const exit = (thread: number): Part => ({ k: 'exit', pid, thread })
const start = (key: string, attempt: number, thread = 1, at = 0): Part => ({ k: 'start', pid, thread, worker, key, attempt, at })
const host = (...workers: { worker: string; state: 'idle' | 'blacklisted'; done: number }[]): Part => ({ k: 'host', pid, workers })
const gone: Part = { k: 'gone', pid }
const result = (key: string, attempt: number, thread = 1): Part => ({ k: 'result', pid, thread, worker, key, attempt })
const snapshot: Part = { k: 'snapshot', still: true }
const seen = (done: Record<string, number> | null = null): Part => ({ k: 'seen', done })

let seq = 0
type State = Extract<Note, { k: 'state' }>
function state(from: State['from'], to: State['to'], at = 0, more: Partial<State> = {}): Part {
  return { k: 'state', pid, seq: ++seq, worker, from, to, at, reason: '', until: null, failure: null, ...more }
}
const crash = (at: number, uptimeMs: number, more: Partial<State> = {}): Part =>
  state('running', 'crashed', at, { failure: { kind: 'exit', message: '', uptimeMs, tasks: [] }, ...more })
const quiet = (more: object = {}, reading: object = {}): Part => ({
  k: 'quiet',
  pid,
  slots: 0,
  leased: {},
  done: {},
  reading: { fds: { 'soak.db': 1 }, threads: 5, heap: 1e7, listeners: 3, resources: { Timeout: 1 }, ...reading },
  ...more,
})

/** What it says to each of them; the last complaint, or undefined. */
function says(invariant: Invariant, ...notes: Part[]): string | undefined {
  const complaints = notes.map((note) => invariant({ at: 0, ...note } as Note))
  assert.equal(complaints.slice(0, -1).filter(Boolean), [], 'only the last note is wrong')
  return complaints.at(-1)
}

function fine(invariant: Invariant, ...notes: Part[]): void {
  assert.is(says(invariant, ...notes), undefined)
}

function wrong(text: RegExp, invariant: Invariant, ...notes: Part[]): void {
  assert.match(says(invariant, ...notes) ?? 'no complaint', text)
}

test('a second thread for a worker is found while the first one lives, and not after its end or that of its host', () => {
  wrong(/got thread 2 of 7 while thread 1 of 7/, oneThread(), spawn(1), spawn(2))
  fine(oneThread(), spawn(1), exit(1), spawn(2))
  fine(oneThread(), spawn(1), gone, spawn(1))
  wrong(/while thread 1/, oneThread(), spawn(1), { k: 'gone', pid: 8 }, spawn(2))
})

test('a task begun by a thread that is gone, or never was the worker’s, is found', () => {
  fine(oneThread(), spawn(1), start('item-0', 1))
  wrong(/works for .*, which has no thread/, oneThread(), spawn(1), exit(1), start('item-0', 1))
  wrong(/works for .*, which has thread 2/, oneThread(), spawn(1), exit(1), spawn(2), start('item-0', 1, 1))
})

test('a fence that does not rise is found', () => {
  const got = (fence: number): Part => ({ k: 'fence', worker, fence })
  fine(fencesRise(), got(1), got(3))
  wrong(/fence 3 after 3/, fencesRise(), got(3), got(3))
})

test('a start of a blacklisted worker is found; after a reset or its parole it may', () => {
  const down = state('crashed', 'blacklisted')
  wrong(/while blacklisted/, staysBlacklisted(), down, state('blacklisted', 'queued'))
  wrong(/got thread 1 .* while blacklisted/, staysBlacklisted(), down, spawn(1))
  fine(staysBlacklisted(), down, state('blacklisted', 'idle', 0, { reason: 'reset' }), state('idle', 'queued'), spawn(1))
  const until = state('crashed', 'blacklisted', 0, { until: 5_000 })
  wrong(/while blacklisted/, staysBlacklisted(), until, state('blacklisted', 'queued', 4_000))
  fine(staysBlacklisted(), until, state('blacklisted', 'queued', 5_000), spawn(1, worker, 5_000))
})

test('a thread for a worker that was stopped and not started since is found, and a close that takes too long', () => {
  const stopped: Part = { k: 'stopped', worker }
  wrong(/although it was stopped/, staysStopped(), stopped, spawn(1))
  fine(staysStopped(), stopped, { k: 'started', worker }, spawn(1))
  fine(staysStopped(), stopped, { k: 'started', worker: null }, spawn(1))
  fine(staysStopped(), stopped, spawn(1, 'another'))
  wrong(/close took 80000 ms/, closesInTime(), { k: 'closed', ms: 500 }, { k: 'closed', ms: 80_000 })
})

test('a blacklisting that was told must outlive its host', () => {
  const down = state('crashed', 'blacklisted')
  wrong(/not any more/, staysBlacklisted(), down, gone, host({ worker, state: 'idle', done: 0 }))
  fine(staysBlacklisted(), down, gone, host({ worker, state: 'blacklisted', done: 0 }))
})

/** So many restarts, one a second. */
function restarts(count: number, uptimeMs = 10): Part[] {
  return Array.from({ length: count }, (_, n) => [crash(n * 1_000, uptimeMs), state('crashed', 'starting', n * 1_000)]).flat()
}
const { maxRestarts, resetAfterMs, withinMs } = calm.limits

test('one restart too many within the window is found, and those that a stable run forgot do not count', () => {
  fine(restartsWithinPolicy([calm]), ...restarts(maxRestarts))
  wrong(/restarted 6 times within/, restartsWithinPolicy([calm]), ...restarts(maxRestarts + 1))
  fine(restartsWithinPolicy([calm]), ...restarts(maxRestarts + 5, resetAfterMs))
})

test('the window of restarts stands still in backoff, in the queue and while it is stopped', () => {
  const waits = Array.from({ length: maxRestarts + 1 }, (_, n) => {
    const at = n * withinMs
    const rest = [state('backoff', 'queued', at + 10), state('queued', 'stopped', at + 20), state('stopped', 'queued', at + withinMs - 10)]
    return [state('queued', 'starting', at - 10), crash(at, 5), state('crashed', 'backoff', at), ...rest]
  }).flat()
  wrong(/restarted 6 times/, restartsWithinPolicy([calm]), ...waits.slice(0, -3))
  const long = Array.from({ length: maxRestarts + 1 }, (_, n) => [
    crash(n * withinMs, 10),
    state('crashed', 'starting', n * withinMs),
  ]).flat()
  fine(restartsWithinPolicy([calm]), ...long)
})

test('a worker that was up for long over several threads has to be forgiven, and one that hung for long may be either', () => {
  const threads = (n: number): Part[] => [
    state('starting', 'running', n * 10_000),
    state('running', 'queued', n * 10_000 + resetAfterMs),
    state('queued', 'starting', n * 10_000 + resetAfterMs),
    crash(n * 10_000 + resetAfterMs + 300, 290),
    state('crashed', 'starting', n * 10_000 + resetAfterMs + 300),
  ]
  const nine = Array.from({ length: 9 }, (_, n) => threads(n)).flat()
  fine(restartsWithinPolicy([calm]), ...nine)
  wrong(/given up after 0/, restartsWithinPolicy([calm]), ...nine.slice(0, -1), state('crashed', 'blacklisted', 99_000))
  const hung = (n: number): Part => crash(n * 10_000, resetAfterMs, { from: 'stuck' })
  const seven = Array.from({ length: 7 }, (_, n) => [hung(n), state('crashed', 'starting', n * 10_000)]).flat()
  fine(restartsWithinPolicy([calm]), ...seven, hung(7), state('crashed', 'blacklisted', 70_000))
})

test('a worker that is given up before its restarts are used up is found', () => {
  wrong(/given up after 2/, restartsWithinPolicy([calm]), ...restarts(2), crash(2_000, 10), state('crashed', 'blacklisted', 2_000))
  fine(restartsWithinPolicy([calm]), ...restarts(maxRestarts), crash(6_000, 10), state('crashed', 'blacklisted', 6_000))
})

test('a restart after a failure on parole is found', () => {
  const of = { worker: paroled.id }
  const parole = [state('blacklisted', 'queued', 0, of), crash(100, 10, of)]
  wrong(/on parole/, restartsWithinPolicy([paroled]), ...parole, state('crashed', 'starting', 100, of))
  fine(restartsWithinPolicy([paroled]), ...parole, state('crashed', 'blacklisted', 100, of))
})

test('restarts that no store remembers, because the host ended first, are not held against the next one', () => {
  const before = restarts(maxRestarts)
  fine(restartsWithinPolicy([calm]), ...before, gone, crash(6_000, 10), state('crashed', 'starting', 6_000))
  const stored: Part = { k: 'stored', pid, seq }
  const again = [...restarts(maxRestarts), { ...stored, seq: seq + 99 } as Part, gone, crash(6_000, 10)]
  wrong(/restarted 6 times/, restartsWithinPolicy([calm]), ...again, state('crashed', 'starting', 6_000))
})

test('more threads than slots are found, in all and by group', () => {
  const all = subjects(concurrency + 1).map((subject) => ({ ...subject, group: null }))
  const threads = all.map(({ id }, n) => spawn(n, id))
  wrong(/9 threads with 8 slots/, slotsNotExceeded(all), host(), ...threads)
  fine(slotsNotExceeded(all), host(), ...threads.slice(0, -1), exit(0), threads.at(-1) as Part)
  const grouped = all.map((subject) => ({ ...subject, group: 'narrow' as const }))
  wrong(/5 threads with 4 slots of narrow/, slotsNotExceeded(grouped), host(), ...threads.slice(0, groups.narrow + 1))
})

test('a lowered limit holds once those over it had time to finish, and a raised one at once', () => {
  const three = subjects(3)
  const [first, second, third] = three.map(
    ({ id }, n) =>
      (at: number) =>
        spawn(n, id, at),
  ) as [(at: number) => Part, (at: number) => Part, (at: number) => Part]
  const limit = (limit: number): Part => ({ k: 'limit', group: null, limit })
  fine(slotsNotExceeded(three), host(), first(0), second(0), limit(2), third(100))
  wrong(/3 threads with 2 slots/, slotsNotExceeded(three), host(), first(0), second(0), limit(2), third(60_000))
  fine(slotsNotExceeded(three), host(), first(0), limit(1), limit(3), second(60_000), third(60_000))
})

test('a slot that is still taken at rest is found, and so is a thread', () => {
  wrong(/1 slots are taken/, slotsNotExceeded([calm]), host(), quiet({ slots: 1 }))
  wrong(/1 threads live/, slotsNotExceeded([calm]), host(), spawn(1), quiet())
  fine(slotsNotExceeded([calm]), host(), spawn(1), exit(1), quiet())
})

test('one call too many in a window is found, and calls that are spread are fine', () => {
  const [window] = quotas.shared
  const calls = (count: number, everyMs: number) => Array.from({ length: count }, (_, n) => start(`item-${n}`, 1, 1, n * everyMs))
  fine(quotasNotExceeded([calm]), ...calls(window.limit, 1))
  wrong(/21 calls within 2500 ms under shared/, quotasNotExceeded([calm]), ...calls(window.limit + 1, 1))
  fine(quotasNotExceeded([calm]), ...calls(quotas.shared[1].limit, Math.ceil((window.per - quotaSlackMs) / window.limit) + 5))
  fine(quotasNotExceeded([{ ...calm, quota: null }]), ...calls(1_000, 1))
})

test('an attempt begun twice, or under a number that nothing has used up, is found', () => {
  fine(attemptsHonest(), spawn(1), start('item-0', 1), start('item-0', 2))
  wrong(/attempt 1 after attempt 1/, attemptsHonest(), spawn(1), start('item-0', 1), start('item-0', 1))
  wrong(/attempt 3 after 0 starts/, attemptsHonest(), spawn(1), start('item-0', 3))
  fine(attemptsHonest(), host(), host(), spawn(1), start('item-0', 3))
})

const loaded: Part = { k: 'loaded', dataset: calm.dataset, from: 0, to: 2 }
const both = [loaded, start('item-0', 1), start('item-1', 1)]

test('at the end a lost result is found', () => {
  const finished: Part = { k: 'finished' }
  fine(resultsOnce([calm]), ...both, snapshot, result('item-0', 1), result('item-1', 1), seen({ [worker]: 2 }), finished)
  wrong(/item-1 has no result/, resultsOnce([calm]), ...both, snapshot, result('item-0', 1), seen({ [worker]: 1 }), finished)
})

test('a doubled result, one that changed, and one that vanished are found', () => {
  wrong(/two results/, resultsOnce([calm]), ...both, snapshot, result('item-0', 1), result('item-0', 1))
  const one = [...both, snapshot, result('item-0', 1), seen()]
  wrong(/has changed/, resultsOnce([calm]), ...one, snapshot, result('item-0', 1, 2))
  wrong(/was seen, and is gone/, resultsOnce([calm]), ...one, snapshot, seen())
})

test('a result of an attempt that its thread never began is found, and a task done again after its result', () => {
  wrong(/which never began it/, resultsOnce([calm]), ...both, snapshot, result('item-0', 1, 2))
  wrong(/begun again after attempt 1/, resultsOnce([calm]), ...both, start('item-0', 2), snapshot, result('item-0', 1))
  wrong(/begun again although/, resultsOnce([calm]), ...both, snapshot, result('item-0', 1), seen(), start('item-0', 2))
})

test('a task that is dead against its script is found', () => {
  const of = (what: string): string =>
    Array.from({ length: 1_000 }, (_, n) => item(n)).find((each) => (each.do ?? 'nothing') === what)?.id as string
  const dead = (key: string, kind: 'failed' | 'poison'): Part => ({ k: 'dead', worker, key, kind, attempt: 1 })
  const starts = (key: string, count: number) => Array.from({ length: count }, (_, n) => start(key, n + 1))
  fine(resultsOnce([calm]), ...starts(of('give up'), 1), snapshot, dead(of('give up'), 'failed'))
  fine(resultsOnce([calm]), ...starts(of('poison'), 4), snapshot, dead(of('poison'), 'poison'))
  wrong(/after 2 starts/, resultsOnce([calm]), ...starts(of('poison'), 2), snapshot, dead(of('poison'), 'poison'))
  wrong(/its script says nothing/, resultsOnce([calm]), ...starts(of('nothing'), 1), snapshot, dead(of('nothing'), 'failed'))
  wrong(/has a result, and is dead/, resultsOnce([calm]), ...both, snapshot, result('item-0', 1), dead('item-0', 'failed'))
})

test('counts that fall, that differ from the results, and leases left at rest are found', () => {
  const counts = (done: number): Part => ({ k: 'counts', done: { [worker]: done } })
  wrong(/had 3 results and has 2/, resultsOnce([calm]), counts(3), counts(2))
  wrong(/had 3 results and has 2/, resultsOnce([calm]), counts(3), gone, host({ worker, state: 'idle', done: 2 }))
  wrong(/status says 2 results of .*, there are 1/, resultsOnce([calm]), ...both, snapshot, result('item-0', 1), seen({ [worker]: 2 }))
  wrong(/has 1 leases/, resultsOnce([calm]), quiet({ leased: { [worker]: 1 } }))
})

test('growth from one rest to the next is found; the next host begins anew', () => {
  for (const name of ['threads', 'heap', 'listeners'] as const) {
    const most = { fds: { 'soak.db': 1 }, threads: 5, heap: 1e7, listeners: 3 }[name] + leakBounds[name]
    fine(nothingLeaks(), quiet(), quiet({}, { [name]: most }))
    wrong(new RegExp(`^${name} at rest`), nothingLeaks(), quiet(), quiet({}, { [name]: most + 1 }))
    fine(nothingLeaks(), quiet(), quiet({ pid: pid + 1 }, { [name]: most + 1 }))
  }
  wrong(/^open on soak.db at rest: 1, then 10/, nothingLeaks(), quiet(), quiet({}, { fds: { 'soak.db': 10 } }))
  wrong(/^live MessagePort at rest: 0, then 9/, nothingLeaks(), quiet(), quiet({}, { resources: { MessagePort: 9 } }))
})

test('whatever trouble a host tells of is a violation, named with its place', () => {
  wrong(/logged: the root actor failed/, noTrouble(), { k: 'trouble', message: 'logged: the root actor failed' })
  const checker = new Checker([calm])
  for (const note of [host(), spawn(1), spawn(2)]) checker.see({ at: 0, ...note } as Note)
  assert.equal(
    checker.violations.map(({ invariant, index }) => [invariant, index]),
    [['oneThread', 2]],
  )
})

test.run()
