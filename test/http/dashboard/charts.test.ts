import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { columnsOf, summaryOf, thinned } from '../../../src/http/dashboard/data/chart.js'
import {
  grantedPerMinute,
  lineOverTime,
  percentUsed,
  usageOf,
  usedOverTime,
  windowLabel,
} from '../../../src/http/dashboard/data/quota-chart.js'

const sample = (at: number, used: Record<string, number>, granted = 0) => ({ at, used, waiting: 1, inFlight: 2, granted })
const window = { unit: 'requests', per: 'minute', limit: 60, burst: null, used: 30, resetsAt: null }

test('a chart takes seconds, and each series as a column', () => {
  const data = { at: [1_000, 2_500], series: [{ name: 'a', values: [1, null] }] }
  assert.equal(columnsOf(data), [
    [1, 2.5],
    [1, null],
  ])
})

test('a table of many moments holds so many rows, the first and the last among them', () => {
  const at = Array.from({ length: 1_000 }, (_, index) => index)
  const few = thinned({ at, series: [{ name: 'a', values: at }] }, 30)
  assert.is(few.at.length, 30)
  assert.is(few.at[0], 0)
  assert.is(few.at.at(-1), 999)
  assert.equal(few.series[0]?.values, few.at)
})

test('few moments are left as they are', () => {
  const data = { at: [1, 2], series: [{ name: 'a', values: [1, 2] }] }
  assert.equal(thinned(data, 30), data)
})

test('a chart is summed up in a sentence: now, least and most of each series', () => {
  const data = {
    at: [1, 2, 3],
    series: [
      { name: 'a', values: [5, null, 3] },
      { name: 'b', values: [null, null, null] },
    ],
  }
  assert.is(
    summaryOf(data, (value) => `${value} %`),
    'a: now 3 %, from 3 % to 5 %; b: not known',
  )
  assert.is(summaryOf({ at: [], series: [] }, String), 'Nothing measured yet')
})

test('windows of any size share an axis in percent; what an older sample does not tell of is not known', () => {
  const samples = [sample(1, {}), sample(2, { 'requests/minute': 30 })]
  assert.equal(usedOverTime(samples, { windows: [window] }), {
    at: [1, 2],
    series: [{ name: 'requests per minute', values: [null, 50] }],
  })
})

test('a bucket counts by what it can hold', () => {
  assert.is(percentUsed({ ...window, burst: 40 }), 75)
  assert.is(percentUsed({ ...window, used: 90 }), 100)
  const bucket = { windows: [{ ...window, burst: 40 }] }
  assert.equal(usedOverTime([sample(1, { 'requests/minute': 30 })], bucket).series[0]?.values, [75])
})

test('grants become a rate per minute, and a restarted counter is no negative rate', () => {
  const samples = [sample(0, {}, 10), sample(30_000, {}, 20), sample(60_000, {}, 5)]
  assert.equal(grantedPerMinute(samples), { at: [30_000, 60_000], series: [{ name: 'granted per minute', values: [20, 0] }] })
  assert.equal(grantedPerMinute([]).at, [])
})

test('the line shows waiting requests and calls in flight', () => {
  assert.equal(
    lineOverTime([sample(7, {})], { concurrency: 3 }).series.map(({ values }) => values),
    [[1], [2]],
  )
})

test('a limit is told as it was configured: neither the size of a bucket nor what refusals made of it', () => {
  const bucket = { ...window, limit: 3_000, burst: 50, used: 28.1 }
  const day = { ...window, per: 'day', limit: 500, used: 1_234 }
  const quota = {
    windows: [bucket, day],
    limits: {
      requests: [
        { limit: 3_000, per: 'minute' as const },
        { limit: 10_000, per: 'day' as const },
      ],
      burst: 50,
    },
  }
  assert.equal(usageOf(quota, bucket), { amount: '3,000', note: '28 of a burst of 50 in use' })
  assert.equal(usageOf(quota, day), { amount: '1,234 of 10,000', note: 'slowed to 500' })
})

test('windows are called as people call them', () => {
  const label = (per: string) => windowLabel({ unit: 'requests', per })
  assert.equal(['minute', 'day Europe/Berlin', '5000 ms', 'ever'].map(label), [
    'requests per minute',
    'requests per day (Europe/Berlin)',
    'requests per 5 s',
    'requests budget',
  ])
})

test.run()
