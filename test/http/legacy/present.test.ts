/** Every word, number and field that old clients are shown, from statuses as drover has them. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { QuotaReport } from '../../../src/actors/system/quota-report.js'
import type { SystemSums, WorkerStatus } from '../../../src/actors/system/status.js'
import { presentAnnotation } from '../../../src/http/legacy/annotations.js'
import * as present from '../../../src/http/legacy/present.js'
import { settingsOf } from '../../../src/http/legacy/summaries.js'
import type { WorkerState } from '../../../src/machines/lifecycle/states.js'
import type { EndedRow } from '../../../src/store/contract/reads.js'

const now = Date.UTC(2026, 0, 2, 3, 4, 5)
const time = { now, staleMs: 120_000 }

function status(more: Partial<WorkerStatus> = {}): WorkerStatus {
  const progress = { done: 3, dead: 1, total: 8, leased: 0, retrying: 0 }
  const plain = { id: 'annotator-1/urgency', annotator: '1', domain: 'urgency', dataset: 'data', quotas: [], enabled: true, activity: null }
  const numbers = { since: now - 60_000, ratePerMinute: 12.34, failuresPerMinute: 0, errorRate: null, restarts: 2, heapUsed: null }
  const nothing = {
    lastError: null,
    breaker: null,
    beatEveryMs: 30_000,
    beatAgeMs: null,
    pid: null,
    threadId: null,
    lastFailure: null,
    until: null,
    heldBy: null,
    instances: null,
  }
  return { ...plain, ...numbers, ...nothing, state: 'idle', reason: 'declared', progress, ...more }
}

test('each state has its old word', () => {
  const word = (state: WorkerState) => present.presentSeedWorker(status({ state }), time).status
  const words: Record<WorkerState, string> = {
    idle: 'not_started',
    queued: 'not_started',
    starting: 'running',
    running: 'running',
    stuck: 'running',
    stopping: 'running',
    paused: 'paused',
    parked: 'paused',
    crashed: 'crashed',
    backoff: 'crashed',
    blacklisted: 'crashed',
    stopped: 'stopped',
    completed: 'completed',
  }
  for (const [state, expected] of Object.entries(words)) assert.is(word(state as WorkerState), expected, state)
})

test('a worker has all its fields, and is stale when its last beat is too old', () => {
  const lastError = { code: 'E', message: 'no answer' } as WorkerStatus['lastError']
  const shown = present.presentSeedWorker(status({ state: 'running', pid: 7, beatAgeMs: 120_000, lastError }), time)
  assert.equal(shown, {
    annotator_id: 1,
    domain: 'urgency',
    status: 'running',
    running: true,
    stale: true,
    enabled: true,
    progress: { completed: 3, target: 8, malformed: 1, speed: 12.3, percentage: 37.5 },
    last_updated: '2026-01-02T03:02:05.000Z',
    pid: 7,
    id: 'annotator-1/urgency',
    dataset: 'data',
    state: 'running',
    reason: 'declared',
    dead: 1,
    restarts: 2,
    last_error: 'no answer',
  })
  const lastFailure = { message: 'it exited' } as WorkerStatus['lastFailure']
  const { stale, last_error, last_updated } = present.presentSeedWorker(status({ beatAgeMs: 119_999, lastError, lastFailure }), time)
  assert.equal([stale, last_error], [false, 'it exited'])
  assert.is(present.presentSeedWorker(status(), time).last_updated, '2026-01-02T03:03:05.000Z')
  assert.is(last_updated, '2026-01-02T03:02:05.001Z')
})

test('the overview counts workers by their old words, and says the time left in seconds or in words', () => {
  const states = ['running', 'paused', 'parked', 'backoff', 'blacklisted', 'completed', 'idle', 'stopped'] as const
  const workers = states.map((state, n) => ({ state, enabled: n > 0 }))
  const sums = { states: { running: 1 }, done: 5, total: 50, ratePerMinute: 7.55, etaMs: 7_380_400 } as unknown as SystemSums
  const told = present.presentSeedOverview({ ...sums, workers })
  assert.equal(told, {
    total_workers: 8,
    enabled_workers: 7,
    running_workers: 1,
    paused_workers: 2,
    completed_workers: 1,
    crashed_workers: 2,
    not_started: 1,
    running: 1,
    paused: 2,
    stopped: 1,
    completed: 1,
    crashed: 2,
    total_progress: { completed: 5, target: 50, percentage: 10 },
    avg_speed: 7.6,
    estimated_time_remaining: 7_380,
    states: { running: 1 },
  })
  const inWords = (seconds: number | null) =>
    present.withTimeInWords({ ...told, estimated_time_remaining: seconds }).estimated_time_remaining
  assert.equal([7_380, 3_599, 59, null].map(inWords), ['2h 3m', '59m', '59s', 'Unknown'])
  const nearly = present.presentSeedOverview({ ...sums, done: 99_999, total: 100_000, workers: [] })
  assert.is(nearly.total_progress.percentage, 99.9)
})

test('health has the stuck twice, under both names, with minutes since the last beat', () => {
  const stale = status({ state: 'running', beatAgeMs: 150_000, annotator: '2' })
  const crashed = status({ state: 'blacklisted', since: now - 600_000 })
  const { crashed: down, stuck, stalled, healthy } = present.presentSeedHealth([stale, crashed, status(), status({ enabled: false })], time)
  assert.equal(down, [{ annotator_id: 1, domain: 'urgency', last_update: '2026-01-02T02:54:05.000Z', stale_minutes: 10 }])
  assert.equal(stuck, [{ annotator_id: 2, domain: 'urgency', last_update: '2026-01-02T03:01:35.000Z', stale_minutes: 2.5 }])
  assert.equal([stalled, healthy], [stuck, 1])
})

test('a quota has seconds and percents, and null for what has no end', () => {
  const report = {
    name: 'k',
    requestsToday: 30,
    quotaLimit: 120,
    percentageUsed: 25.04,
    available: 90,
    canMakeRequest: false,
    waitMs: 1_500,
  }
  const never = { ...report, name: 'n', percentageUsed: 130, available: Number.POSITIVE_INFINITY, waitMs: Number.POSITIVE_INFINITY }
  const { k, n } = present.presentSeedQuotas([report, never] as unknown as QuotaReport[])
  assert.equal(k, {
    requests_today: 30,
    quota_limit: 120,
    percentage_used: 25,
    tokens_available: 90,
    can_make_request: false,
    wait_time_seconds: 1.5,
  })
  assert.equal([n?.percentage_used, n?.tokens_available, n?.wait_time_seconds], [100, null, null])
})

test('an annotation has the text, the response and the label of its result, or why it has none', () => {
  const row = {
    key: 'm1',
    annotator: '1',
    domain: 'urgency',
    dataset: 'data',
    at: now,
    attempt: 2,
    worker: 'annotator-1/urgency',
    kind: null,
  }
  const data = JSON.stringify({ text: 'help! 🙂' })
  const value = JSON.stringify({ response: 'it is urgent', label: 'urgent' })
  const done = { ...row, data, value, label: 'urgent', done: 1, error: null } as EndedRow
  const expected = {
    id: 'm1',
    annotator_id: 1,
    domain: 'urgency',
    dataset: 'data',
    text: 'help! 🙂',
    response: 'it is urgent',
    label: 'urgent',
    malformed: false,
    timestamp: '2026-01-02T03:04:05.000Z',
    attempt: 2,
    worker: 'annotator-1/urgency',
    error: null,
  }
  assert.equal(presentAnnotation(done), expected)
  assert.is(presentAnnotation({ ...done, label: null }).label, 'urgent')
  assert.equal(presentAnnotation({ ...done, value: '"calm"', label: null }), { ...expected, response: 'calm', label: 'calm' })
  const dead = { ...done, value: 'no JSON', label: null, done: 0, error: { name: 'Error', message: 'no label in it' } } as EndedRow
  assert.equal(presentAnnotation(dead), { ...expected, response: 'no JSON', label: 'MALFORMED', malformed: true, error: 'no label in it' })
})

test('settings of several workers are the longest wait in seconds and the most retries', () => {
  const workers = [
    { delayMs: 250, maxAttempts: 3 },
    { delayMs: 1_500, maxAttempts: 1 },
  ] as Parameters<typeof settingsOf>[0][number][]
  assert.equal(settingsOf(workers, 2), { model_name: '', request_delay_seconds: 1.5, max_retries: 2, crash_detection_minutes: 2 })
})

test.run()
