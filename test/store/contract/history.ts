import * as assert from 'uvu/assert'
import type { HistoryRow } from '../../../src/store/contract/reads.js'
import type { LaneFilter } from '../../../src/store/contract/registry.js'
import type { ContractTest } from '../support/contract.js'
import { completed, type Desk, failed } from '../support/desk.js'

const minute = 60_000
const hour = 60 * minute
const none = { results: 0, failed: 0, dead: 0, restarts: 0 }

async function read(desk: Desk, filter: LaneFilter = {}, { ms = 24 * hour, stepMs = minute } = {}): Promise<HistoryRow[]> {
  const until = desk.world.now() + minute
  return (await desk.call('history', { filter, from: until - ms, until, stepMs })).rows
}

function came(desk: Desk, seq: number, from: string, to: string): Promise<unknown> {
  const payload = { worker: 'a/x', from, to, reason: '', at: 0 }
  const events = [{ seq, at: desk.world.now(), type: 'worker:state:changed', worker: 'a/x', payload }]
  return desk.call('record', { host: 'host-1', transitions: [], events })
}

export function historyContract(test: ContractTest): void {
  test('what was done is counted by the minute, for each lane, and a repeated request counts once', async (desk) => {
    await desk.begin(20, { workers: ['a/x', 'b/x', 'b/y'] })
    const noon = desk.world.now()
    const [a, b] = [await desk.acquire('a/x'), await desk.acquire('b/x')]
    const five = completed(await desk.claim(a, 5))
    await desk.exchange(a, 0, five)
    a.request--
    await desk.exchange(a, 0, five)
    await desk.exchange(b, 0, failed(await desk.claim(b, 2), null))
    desk.world.advance(minute)
    const tasks = await desk.claim(b, 3)
    await desk.exchange(b, 0, [
      ...failed({ ...tasks, tokens: tasks.tokens.slice(0, 2) }, 10),
      ...completed({ ...tasks, tokens: tasks.tokens.slice(2) }),
    ])
    const { tokens } = await desk.claim(a, 4)
    await desk.abandon(a, { working: tokens.slice(0, 2), finished: tokens.slice(2, 3), poisonAfter: 1 })
    assert.equal(await read(desk), [
      { at: noon, results: 5, failed: 2, dead: 2, restarts: 0 },
      { at: noon + minute, results: 1, failed: 4, dead: 2, restarts: 0 },
    ])
    assert.equal(await read(desk, { annotator: 'a' }), [
      { at: noon, ...none, results: 5 },
      { at: noon + minute, ...none, failed: 2, dead: 2 },
    ])
    assert.equal(await read(desk, { worker: 'b/x', domain: 'x', dataset: 'data' }, { ms: minute }), [
      { at: noon + minute, ...none, results: 1, failed: 2 },
    ])
    assert.equal(await read(desk, { domain: 'y' }), [])
  })

  test('a restart after a failure is counted, at once or after its wait; a start by hand is not', async (desk) => {
    await desk.begin(0, { workers: ['a/x'] })
    const steps = [
      ['idle', 'starting'],
      ['running', 'crashed'],
      ['crashed', 'starting'],
      ['running', 'crashed'],
      ['crashed', 'backoff'],
      ['backoff', 'queued'],
      ['queued', 'starting'],
      ['running', 'stopped'],
      ['stopped', 'queued'],
    ] as const
    for (const [seq, [from, to]] of steps.entries()) await came(desk, seq, from, to)
    await came(desk, 2, 'crashed', 'starting')
    assert.equal(await read(desk), [{ at: desk.world.now(), ...none, restarts: 2 }])
  })

  test('after an hour minutes are added up to ten, and after a day they are gone', async (desk) => {
    await desk.begin(100, { workers: ['a/x'] })
    const noon = desk.world.now()
    const hold = await desk.acquire('a/x')
    const work = async (): Promise<unknown> => desk.exchange(hold, 0, completed(await desk.claim(hold, 1)))
    for (let n = 0; n < 12; n++) {
      await work()
      desk.world.advance(minute)
    }
    assert.is((await read(desk)).length, 12)
    desk.world.set(noon + 71 * minute)
    await work()
    // The newest hour is still told by the minute.
    assert.equal(
      (await read(desk)).map(({ at, results }) => [(at - noon) / minute, results]),
      [
        [0, 10],
        [10, 1],
        [11, 1],
        [71, 1],
      ],
    )
    assert.equal(
      (await read(desk, {}, { stepMs: 10 * minute })).map(({ at, results }) => [(at - noon) / minute, results]),
      [
        [0, 10],
        [10, 2],
        [70, 1],
      ],
    )
    desk.world.set(noon + 24 * hour + 11 * minute)
    await work()
    assert.equal(
      (await read(desk, {}, { ms: 48 * hour })).map(({ at, results }) => [(at - noon) / minute, results]),
      [
        [10, 2],
        [70, 1],
        [24 * 60 + 11, 1],
      ],
    )
  })

  test('a clock that was set back leaves nothing behind that stays for ever', async (desk) => {
    await desk.begin(10, { workers: ['a/x'] })
    const noon = desk.world.now()
    const hold = await desk.acquire('a/x')
    desk.world.set(noon + 1_000 * hour)
    await desk.exchange(hold, 0, completed(await desk.claim(hold, 1)))
    desk.world.set(noon)
    await desk.exchange(hold, 0, completed(await desk.claim(hold, 1)))
    const { rows } = await desk.call('history', { filter: {}, from: 0, until: noon + 2_000 * hour, stepMs: minute })
    assert.equal(rows, [{ at: noon, ...none, results: 1 }])
  })
}
