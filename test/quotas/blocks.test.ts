import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type QuotaAsk, QuotaClient } from '../../src/quotas/client.js'
import type { EngineClient } from '../../src/store/contract/engine.js'
import type { QuotaAnswer, QuotaRequest } from '../../src/store/contract/quotas.js'

/** A store that grants when the test says so. */
class ByHand {
  readonly asked: { request: QuotaRequest; grant: (times: number) => void }[] = []
  readonly returned: number[] = []
  readonly cancelled: number[] = []

  readonly store = {
    call: (op: string, request: object) => {
      if (op === 'cancelQuota') this.cancelled.push((request as QuotaRequest).ticket)
      if (op === 'settleQuota')
        this.returned.push(
          ...(request as { settlements: { delta: { requests: number } }[] }).settlements.map(({ delta }) => delta.requests),
        )
      if (op !== 'acquireQuota') return Promise.resolve({})
      return new Promise<QuotaAnswer>((resolve) => {
        const common = { quota: 'key', amounts: { requests: 1 }, booked: {}, place: 1, inFlight: false }
        const grant = (times: number) => resolve({ granted: true, grant: { ...common, times, slackMs: 250, expiresAt: 250 } })
        this.asked.push({ request: request as QuotaRequest, grant })
      })
    },
  } as unknown as EngineClient

  readonly client = new QuotaClient({ store: this.store, client: 'here', host: 'here', now: () => 0 })

  ask(more: Partial<QuotaAsk> = {}) {
    const forever = { patienceMs: Number.POSITIVE_INFINITY, timeoutMs: Number.POSITIVE_INFINITY, signal: null }
    return this.client.ask({ choices: ['key'], amounts: { requests: 1 }, priority: 0, ...forever, ...more })
  }

  /** One that asked alone and was granted: the next takes four. */
  async usedFast(): Promise<void> {
    const first = this.ask()
    this.asked.shift()?.grant(1)
    await first
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('a request that waits for the block of another one still ends by its own time limit and signal', async () => {
  const byHand = new ByHand()
  await byHand.usedFast()
  byHand.ask().catch(() => {})
  const ending = new AbortController()
  const aborted = byHand.ask({ signal: ending.signal }).catch((error: Error) => error.message)
  const late = byHand.ask({ timeoutMs: 5 }).catch((error: { code: string }) => error.code)
  ending.abort(new Error('enough'))
  assert.equal(await Promise.all([aborted, late]), ['enough', 'TIMEOUT'])
  assert.is(byHand.asked.length, 1, 'they had not asked themselves')
  assert.equal(byHand.cancelled, [])
  await byHand.client.flush()
})

test('a request of higher priority does not wait for a block of a lower one', async () => {
  const byHand = new ByHand()
  await byHand.usedFast()
  byHand.ask().catch(() => {})
  byHand.ask({ priority: 5 }).catch(() => {})
  assert.equal(
    byHand.asked.map(({ request }) => request.priority),
    [0, 5],
  )
})

test('one that asked before a block was wanted does not let others ask for a second one', async () => {
  const byHand = new ByHand()
  const [early, late] = [byHand.ask(), byHand.ask()]
  byHand.asked[0]?.grant(1)
  await early
  const rest = [byHand.ask(), byHand.ask()]
  byHand.asked[1]?.grant(1)
  await late
  rest.push(byHand.ask())
  await turn()
  assert.equal(
    byHand.asked.map(({ request }) => request.times),
    [1, 1, 4],
  )
  byHand.asked[2]?.grant(4)
  await Promise.all(rest)
  await byHand.client.flush()
  assert.equal(byHand.returned, [-1], 'the fourth goes back')
})

test('a client that gets one grant instead of several shares with others: from then on all its requests wait in line', async () => {
  const byHand = new ByHand()
  await byHand.usedFast()
  const first = byHand.ask()
  byHand.asked.shift()?.grant(1)
  await first
  byHand.ask().catch(() => {})
  byHand.ask().catch(() => {})
  assert.equal(
    byHand.asked.map(({ request }) => request.times),
    [1, 1],
  )
})

test.run()
