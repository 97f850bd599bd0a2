import * as assert from 'uvu/assert'
import { ErrorGroups } from '../../../src/failures/error-groups.js'
import type { EngineReply, EngineRequest } from '../../../src/store/contract/engine.js'
import type { Outcome } from '../../../src/store/contract/tasks.js'
import { refused } from '../../support/refused.js'
import { type ContractTest, keepEvents } from '../support/contract.js'
import { completed, type Desk, failed } from '../support/desk.js'

const workers = ['a/x', 'a/y', 'b/x']

/** Every lane has results for k0 to k4, and k5 dead. */
async function finished(desk: Desk): Promise<void> {
  await desk.begin(6, { workers })
  for (const id of workers) {
    const hold = await desk.acquire(id)
    const leases = await desk.claim(hold, 6)
    await desk.exchange(hold, 0, [...completed(leases).slice(0, 5), ...failed(leases, null).slice(5)])
  }
}

export function readsContract(test: ContractTest): void {
  test('results come lane by lane in order of loading, whatever the size of the pages', async (desk) => {
    await finished(desk)
    const all = await desk.results({}, 100)
    assert.is(all.length, 15)
    assert.equal(
      all.slice(0, 6).map(({ annotator, domain, key }) => `${annotator}/${domain} ${key}`),
      ['a/x k0', 'a/x k1', 'a/x k2', 'a/x k3', 'a/x k4', 'a/y k0'],
    )
    for (const limit of [1, 4, 5, 15]) assert.equal(await desk.results({}, limit), all)
  })

  test('a page of long rows ends before its limit, and the next one goes on', async (desk) => {
    const long = 'x'.repeat(1_500_000)
    await desk.begin(8)
    const hold = await desk.acquire()
    const { tokens } = await desk.claim(hold, 8)
    const error = { name: 'Error', message: long }
    const outcomes = tokens.map(
      (token, n): Outcome =>
        n < 4 ? { do: 'complete', token, value: JSON.stringify(long) } : { do: 'fail', token, error, retryInMs: null },
    )
    for (const outcome of outcomes) await desk.exchange(hold, 0, [outcome])
    const events = Array.from({ length: 4 }, (_, seq) => ({ seq, at: seq, type: 'long', worker: null, payload: { seq, long } }))
    for (const event of events) await desk.call('record', { host: 'host-1', transitions: [], events: [event] })
    const sizes = async (read: (after: string | null) => Promise<{ rows: unknown[]; next: string | null }>): Promise<number[]> => {
      const all: number[] = []
      for (let after: string | null = null, more = true; more; more = after !== null) {
        const page = await read(after)
        all.push(page.rows.length)
        after = page.next
      }
      return all
    }
    const rest = { filter: {}, limit: 1_000 }
    assert.equal(await sizes((after) => desk.call('results', { ...rest, after })), [3, 1])
    assert.equal(await sizes((after) => desk.call('dead', { ...rest, after })), [3, 1])
    assert.equal(await sizes((after) => desk.call('tasks', { ...rest, after, state: 'dead' })), [3, 1])
    assert.equal(await sizes((after) => desk.call('tasks', { ...rest, after })), [7, 1])
    assert.equal(await sizes((after) => desk.call('events', { limit: 1_000, after })), [3, 1])
    assert.equal(await sizes((after) => desk.call('latestEvents', { limit: 1_000, after })), [3, 1])
  })

  test('a filter narrows by every part that is given', async (desk) => {
    await finished(desk)
    const count = async (filter: Parameters<Desk['results']>[0]) => (await desk.results(filter, 2)).length
    assert.is(await count({ annotator: 'a' }), 10)
    assert.is(await count({ annotator: 'a', domain: 'y' }), 5)
    assert.is(await count({ worker: 'b/x' }), 5)
    assert.is(await count({ worker: 'b/x', annotator: 'a' }), 0)
    assert.is(await count({ dataset: 'data' }), 15)
    assert.is(await count({ dataset: 'none' }), 0)
  })

  test('rows of results can be skipped, over the bounds of lanes', async (desk) => {
    await finished(desk)
    const all = await desk.results({}, 100)
    for (const skip of [0, 1, 4, 5, 7, 14, 15, 99]) {
      const { rows } = await desk.call('results', { filter: {}, after: null, limit: 3, skip })
      assert.equal(rows, all.slice(skip, skip + 3))
    }
    const { next } = await desk.call('results', { filter: {}, after: null, limit: 3 })
    assert.equal((await desk.call('results', { filter: {}, after: next, limit: 2, skip: 3 })).rows, all.slice(6, 8))
    await refused(desk.call('results', { filter: {}, after: null, limit: 1, skip: -1 }), 'ARGUMENT_INVALID')
  })

  test('dead tasks are grouped by error, whatever the size of the pages', async (desk) => {
    await desk.begin(6, { workers })
    for (const id of workers) {
      const hold = await desk.acquire(id)
      const leases = await desk.claim(hold, 6)
      const outcomes = leases.tokens.map((token, n): Outcome => {
        const error =
          n < 4 ? { name: 'Error', message: `no answer for item ${n}`, code: 'E_DOWN' } : { name: 'TypeError', message: 'no text' }
        return { do: 'fail', token, error, retryInMs: null }
      })
      await desk.exchange(hold, 0, outcomes)
    }
    for (const limit of [1, 5, 100]) {
      const groups = new ErrorGroups()
      let after: string | null = null
      do {
        const page: EngineReply<'deadErrors'> = await desk.call('deadErrors', { filter: { annotator: 'a' }, after, limit })
        for (const group of page.rows) groups.merge(group)
        after = page.next
      } while (after !== null)
      assert.equal(
        groups.list().map(({ code, count, workers: of, example }) => [code, count, of, example]),
        [
          ['E_DOWN', 8, ['a/x', 'a/y'], { dataset: 'data', key: 'k0' }],
          ['TypeError', 4, ['a/x', 'a/y'], { dataset: 'data', key: 'k4' }],
        ],
      )
    }
    const none = await desk.call('deadErrors', { filter: {}, after: null, limit: 100, before: 1 })
    assert.equal(none, { rows: [], next: null })
  })

  test('dead tasks are paged the same way', async (desk) => {
    await finished(desk)
    const first = await desk.call('dead', { filter: {}, after: null, limit: 2 })
    assert.is(first.rows.length, 2)
    const second = await desk.call('dead', { filter: {}, after: first.next, limit: 2 })
    assert.equal([second.rows.map(({ worker }) => worker), second.next], [['b/x'], null])
  })

  test('what is committed between two pages appears at most once', async (desk) => {
    await desk.begin(10)
    const hold = await desk.acquire()
    const outcomes = completed(await desk.claim(hold, 10))
    await desk.exchange(hold, 0, outcomes.slice(4))
    const first = await desk.call('results', { filter: {}, after: null, limit: 3 })
    await desk.exchange(hold, 0, outcomes.slice(0, 4))
    const second = await desk.call('results', { filter: {}, after: first.next, limit: 99 })
    const keys = [...first.rows, ...second.rows].map(({ key }) => key)
    assert.equal(keys, ['k4', 'k5', 'k6', 'k7', 'k8', 'k9'])
  })

  test('a page that cannot be is refused', async (desk) => {
    await refused(desk.call('results', { filter: {}, after: null, limit: 0 }), 'ARGUMENT_INVALID')
    await refused(desk.call('results', { filter: {}, after: 'nonsense', limit: 1 }), 'ARGUMENT_INVALID')
    await refused(desk.call('events', { after: 'x', limit: 1 }), 'ARGUMENT_INVALID')
  })

  /** Events 0 to `count - 1`, alternating between two workers and three types. */
  async function happened(desk: Desk, count: number): Promise<void> {
    await desk.call('join', { host: desk.world.host(1) })
    for (let from = 0; from < count; from += 100) {
      const events = Array.from({ length: Math.min(100, count - from) }, (_, index) => {
        const seq = from + index
        return { seq, at: seq, type: `type-${seq % 3}`, worker: seq % 2 === 0 ? 'a/x' : null, payload: { seq } }
      })
      await desk.call('record', { host: 'host-1', transitions: [], events })
    }
  }

  test('the tasks that ended last come first, done and dead, over all lanes and of some, by pages', async (desk) => {
    await desk.begin(3, { workers: ['a/x', 'b/x', 'b/y'] })
    for (const [n, id] of ['b/y', 'a/x', 'b/x'].entries()) {
      const hold = await desk.acquire(id)
      const leases = await desk.claim(hold, 3)
      await desk.exchange(hold, 0, completed(leases).slice(0, 1))
      desk.world.advance(n === 1 ? 0 : 10)
      await desk.exchange(hold, 0, failed(leases, null).slice(1, 2))
      await desk.exchange(hold, 0, completed(leases).slice(2, 3))
    }
    const newest = async (request: Partial<EngineRequest<'latestEnded'>> = {}, limit = 100) => {
      const told: string[] = []
      for (;;) {
        const { rows, total } = await desk.call('latestEnded', { filter: {}, state: null, ...request, limit, skip: told.length })
        told.push(...rows.map(({ annotator, domain, key, done }) => `${annotator}/${domain} ${key} ${done ? 'done' : 'dead'}`))
        if (told.length >= total) return told
      }
    }
    // The time of b/y k1 is that of b/x k0 and of all of a/x.
    const first = ['b/x k2 done', 'b/x k1 dead', 'b/y k2 done', 'b/y k1 dead', 'b/x k0 done']
    const all = [...first, 'a/x k2 done', 'a/x k1 dead', 'a/x k0 done', 'b/y k0 done']
    for (const limit of [2, 9, 50]) {
      assert.equal(await newest({}, limit), all)
      assert.equal(
        await newest({ filter: { annotators: ['b'] } }, limit),
        all.filter((row) => row.startsWith('b')),
      )
      assert.equal(
        await newest({ state: 'dead' }, limit),
        all.filter((row) => row.endsWith('dead')),
      )
      assert.equal(await newest({ state: 'done', filter: { domains: ['x'] }, search: 'K2' }, limit), ['b/x k2 done', 'a/x k2 done'])
    }
  })

  test('events come newest last and can be narrowed by worker and type', async (desk) => {
    assert.equal(await desk.call('events', { after: null, limit: 5 }), { rows: [], next: null, first: 0, last: 0 })
    await happened(desk, 12)
    const seqs = ({ rows }: Pick<EngineReply<'events'>, 'rows'>) => rows.map(({ payload }) => (payload as { seq: number }).seq)
    const empty = await desk.call('events', { after: null, limit: 5, types: ['none'] })
    assert.equal([empty.first, empty.last], [1, 12])
    const first = await desk.call('events', { after: null, limit: 5 })
    assert.equal(seqs(first), [0, 1, 2, 3, 4])
    assert.equal(seqs(await desk.call('events', { after: first.next, limit: 99 })), [5, 6, 7, 8, 9, 10, 11])
    assert.equal(seqs(await desk.call('events', { after: null, limit: 9, worker: 'a/x', types: ['type-0'] })), [0, 6])
    assert.equal(seqs(await desk.call('events', { after: null, limit: 9, types: [] })), [])
    assert.equal(seqs(await desk.call('latestEvents', { after: null, limit: 3 })), [11, 10, 9])
    assert.equal(seqs(await desk.call('latestEvents', { after: null, limit: 2, types: ['type-1', 'type-2'] })), [11, 10])
  })

  test('old events are removed; a reader that was in the middle of them goes on', async (desk) => {
    await happened(desk, 100)
    const { next } = await desk.call('events', { after: null, limit: 10 })
    await happened(desk, 3 * keepEvents)
    const { rows, first, last } = await desk.call('events', { after: next, limit: 10_000 })
    assert.equal([first, last], [rows[0]?.id, rows.at(-1)?.id])
    assert.ok(rows.length >= keepEvents && rows.length < 2 * keepEvents, `${rows.length} events are there`)
    assert.is(rows.at(-1)?.at, 3 * keepEvents - 1)
    const ids = rows.map(({ id }) => id)
    assert.equal(
      ids,
      [...new Set(ids)].sort((a, b) => a - b),
    )
  })
}
