import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { QuotaClient } from '../../../src/quotas/client.js'
import type { EngineClient } from '../../../src/store/contract/engine.js'
import type { QuotaWindow } from '../../../src/store/contract/quotas.js'
import { openWindow } from '../../../src/store/quotas/windows/open-window.js'
import { type ProviderCall, refusals } from '../../support/quota-checker.js'

const noon = Date.UTC(2025, 5, 15, 12)
const windowOf = (limit: number, per: number, burst: number | null): QuotaWindow => ({ unit: 'requests', limit, per, burst })

/** Pauses, amounts, and for each grant how long it may be used and where in that time it is. */
const asks = fc.array(fc.tuple(fc.nat(300), fc.integer({ min: 1, max: 4 }), fc.nat(250), fc.double({ min: 0, max: 1, noNaN: true })), {
  maxLength: 80,
})

for (const window of [windowOf(10, 1_000, 5), windowOf(10, 1_000, null), windowOf(1_000, 1_000, 8)]) {
  const kind = window.burst === null ? 'strict window' : `bucket of ${window.burst} at ${window.limit} a second`
  test(`a ${kind} is never overdrawn, however long each grant may be used and whenever it is`, () => {
    fc.assert(
      fc.property(asks, (all) => {
        let now = noon
        const meter = openWindow(window, null, { now, wall: now })
        const calls: ProviderCall[] = []
        for (const [pause, amount, slackMs, share] of all) {
          now += pause
          if (meter.waitMs(amount, now) > 0) continue
          meter.take(amount, now, slackMs)
          calls.push({ at: now + share * slackMs, amount })
        }
        assert.equal(refusals(calls, window as Parameters<typeof refusals>[1]), [])
      }),
    )
  })
}

test('several taken at once from a bucket are used anywhere in their time, and it is not overdrawn', () => {
  const window = windowOf(100, 1_000, 20)
  fc.assert(
    fc.property(asks, (all) => {
      let now = noon
      const meter = openWindow(window, null, { now, wall: now })
      const calls: ProviderCall[] = []
      for (const [pause, amount, slackMs, share] of all) {
        now += pause
        const times = meter.timesNow(amount, now, slackMs)
        if (times === 0) continue
        meter.take(amount * times, now, slackMs)
        for (let each = 0; each < times; each++) calls.push({ at: now + ((share * (each + 1)) % 1) * slackMs, amount })
      }
      assert.equal(refusals(calls, { ...window, per: 1_000 }), [])
    }),
  )
})

test('a bucket with room left holds back no request that does not name its unit, a spent one does', () => {
  const meter = openWindow(windowOf(10, 1_000, 10), null, { now: noon, wall: noon })
  meter.take(9, noon)
  assert.is(meter.waitMs(undefined, noon), 0)
  meter.take(3, noon)
  assert.ok(meter.waitMs(undefined, noon) > 100)
})

test('a thread whose grants come too late asks for grants that are good for longer, and is granted', async () => {
  let now = 0
  const asked: number[] = []
  const store = {
    call: async (op: string, { needsMs = 0 }: { needsMs?: number }) => {
      if (op !== 'acquireQuota') return {}
      asked.push(needsMs)
      const slackMs = Math.max(2, needsMs)
      // Each takes 10 ms to come.
      const expiresAt = now + slackMs
      now += 10
      const grant = { quota: 'key', amounts: { requests: 1 }, times: 1, booked: {}, place: 1, slackMs, expiresAt, inFlight: false }
      return { granted: true, grant }
    },
  } as unknown as EngineClient
  const client = new QuotaClient({ store, client: 'here', host: 'here', now: () => now })
  const forever = { patienceMs: Number.POSITIVE_INFINITY, timeoutMs: Number.POSITIVE_INFINITY, signal: null }
  await client.ask({ choices: ['key'], amounts: { requests: 1 }, priority: 0, ...forever })
  assert.equal(asked, [0, 15])
})

test.run()
