import * as assert from 'uvu/assert'
import { refused } from '../../support/refused.js'
import type { ContractTest } from '../support/contract.js'
import { completed, failed, worker } from '../support/desk.js'

export function hostsContract(test: ContractTest): void {
  test('a host that is gone loses its workers and tasks to the next that joins; the attempt counts, but as no failure', async (desk) => {
    await desk.begin(3)
    const hold = await desk.acquire()
    await desk.claim(hold, 2)
    desk.world.fate(desk.world.host(1), 'gone')
    assert.equal(await desk.call('join', { host: desk.world.host(2) }), { workers: [worker], leases: 2, gone: 1 })
    assert.equal(await desk.call('join', { host: desk.world.host(2) }), { workers: [], leases: 0, gone: 0 })
    await refused(desk.exchange(hold, 1), 'FENCED')
    const leases = await desk.claim(await desk.acquire(worker, 2), 9)
    assert.equal(leases.keys, ['k0', 'k1', 'k2'])
    assert.equal(leases.attempts, [2, 2, 1])
    assert.equal(leases.failures, [0, 0, 0])
  })

  test('any host may sweep; what is swept is swept once', async (desk) => {
    await desk.begin(1)
    await desk.claim(await desk.acquire(), 1)
    await desk.call('join', { host: desk.world.host(2) })
    assert.equal(await desk.call('sweep', { host: 'host-2' }), { workers: [], leases: 0 })
    desk.world.fate(desk.world.host(1), 'gone')
    assert.equal(await desk.call('sweep', { host: 'host-2' }), { workers: [worker], leases: 1 })
    assert.equal(await desk.call('sweep', { host: 'host-2' }), { workers: [], leases: 0 })
  })

  test('a worker whose holder is gone can be acquired without a sweep', async (desk) => {
    await desk.begin(2)
    await desk.claim(await desk.acquire(), 2)
    await desk.call('join', { host: desk.world.host(2) })
    desk.world.fate(desk.world.host(1), 'gone')
    const leases = await desk.claim(await desk.acquire(worker, 2), 2)
    assert.equal(leases.attempts, [2, 2])
  })

  test('a host whose process lives keeps its workers, however long it is silent', async (desk) => {
    await desk.begin()
    await desk.acquire()
    desk.world.advance(365 * 86_400_000)
    assert.equal(await desk.call('join', { host: desk.world.host(2) }), { workers: [], leases: 0, gone: 0 })
    assert.ok('holder' in (await desk.call('acquire', { worker, host: 'host-2' })))
  })

  test('where a process cannot be checked its host is gone when its signs of life have run out, not before', async (desk) => {
    await desk.begin()
    desk.world.fate(desk.world.host(1), 'unknown')
    await desk.acquire()
    await desk.call('renew', { host: 'host-1', ttlMs: 100_000 })
    await desk.call('join', { host: desk.world.host(2) })
    desk.world.advance(100_000)
    assert.equal(await desk.call('sweep', { host: 'host-2' }), { workers: [], leases: 0 })
    desk.world.advance(1)
    assert.equal(await desk.call('sweep', { host: 'host-2' }), { workers: [worker], leases: 0 })
  })

  test('a host that was taken for gone is told what it lost, until it has it again', async (desk) => {
    await desk.begin(1)
    desk.world.fate(desk.world.host(1), 'unknown')
    const hold = await desk.acquire()
    const leases = await desk.claim(hold, 1)
    desk.world.advance(3_600_000)
    await desk.call('join', { host: desk.world.host(2) })
    await refused(desk.exchange(hold, 0, completed(leases)), 'FENCED')
    const other = await desk.acquire(worker, 2)
    assert.equal(await desk.call('renew', { host: 'host-1', ttlMs: 1_000 }), { lost: [worker] })
    assert.ok('holder' in (await desk.call('acquire', { worker, host: 'host-1' })))
    await desk.call('free', { worker, fence: other.fence })
    assert.equal(await desk.call('renew', { host: 'host-1', ttlMs: 1_000 }), { lost: [worker] })
    await desk.acquire()
    assert.equal(await desk.call('renew', { host: 'host-1', ttlMs: 1_000 }), { lost: [] })
  })

  test('a host that leaves frees its workers at no cost', async (desk) => {
    await desk.begin(2)
    await desk.claim(await desk.acquire(), 2)
    assert.equal(await desk.call('leave', { host: 'host-1' }), { workers: [worker], leases: 2 })
    assert.equal(await desk.call('leave', { host: 'host-1' }), { workers: [], leases: 0 })
    assert.equal(await desk.call('join', { host: desk.world.host(2) }), { workers: [], leases: 0, gone: 0 })
    assert.equal((await desk.claim(await desk.acquire(worker, 2), 2)).attempts, [1, 1])
  })

  test('a second system in the same process is another host: it waits for the first to leave', async (desk) => {
    await desk.begin()
    await desk.acquire()
    const second = { ...desk.world.host(1), id: 'second' }
    assert.equal(await desk.call('join', { host: second }), { workers: [], leases: 0, gone: 0 })
    assert.ok('holder' in (await desk.call('acquire', { worker, host: 'second' })))
    await desk.call('leave', { host: 'host-1' })
    assert.ok('fence' in (await desk.call('acquire', { worker, host: 'second' })))
  })

  test('hosts are told with what they hold; of those that ended, the ones that died lately, and when', async (desk) => {
    await desk.begin()
    await desk.acquire()
    const began = desk.world.now()
    for (const number of [2, 3, 4]) await desk.call('join', { host: desk.world.host(number) })
    desk.world.advance(1_000)
    await desk.call('renew', { host: 'host-1', ttlMs: 10_000 })
    await desk.call('leave', { host: 'host-2' })
    const told = async (diedAfter = began): Promise<unknown[]> => {
      const { hosts } = await desk.call('hosts', { diedAfter })
      return hosts.map(({ id, pid, joinedAt, renewedAt, gone, diedAt, workers }) => {
        const after = [joinedAt, renewedAt, diedAt].map((at) => (at === null ? null : at - began))
        return [id, pid, ...after, gone, workers]
      })
    }
    assert.equal(await told(), [
      ['host-1', 1, 0, 1_000, null, false, 1],
      ['host-3', 3, 0, 0, null, false, 0],
      ['host-4', 4, 0, 0, null, false, 0],
    ])
    desk.world.fate(desk.world.host(1), 'gone')
    desk.world.fate(desk.world.host(4), 'unknown')
    desk.world.advance(29_000)
    assert.equal(
      (await told()).map((host) => (host as unknown[]).slice(-2)),
      [
        [true, 1],
        [false, 0],
        [false, 0],
      ],
      'before anybody took its workers back',
    )
    desk.world.advance(1)
    await desk.call('sweep', { host: 'host-3' })
    assert.equal(await told(), [
      ['host-1', 1, 0, 1_000, 30_001, true, 0],
      ['host-3', 3, 0, 0, null, false, 0],
      ['host-4', 4, 0, 0, 30_001, true, 0],
    ])
    assert.equal(await told(desk.world.now()), [['host-3', 3, 0, 0, null, false, 0]])
    await desk.call('renew', { host: 'host-4', ttlMs: 10_000 })
    assert.equal((await told(desk.world.now())).at(-1), ['host-4', 4, 0, 30_001, null, false, 0], 'it is alive after all')
  })

  /** The host of number `number` takes up to `want` tasks and is gone. */
  async function die(desk: Parameters<Parameters<typeof test>[1]>[0], number: number, want: number): Promise<string[]> {
    await desk.call('join', { host: desk.world.host(number) })
    const { keys } = await desk.claim(await desk.acquire(worker, number), want)
    desk.world.fate(desk.world.host(number), 'gone')
    return keys
  }

  test('tasks in hand at two ends of their host come last, and one at a time', async (desk) => {
    await desk.begin(4)
    assert.equal(await die(desk, 2, 2), ['k0', 'k1'])
    assert.equal(await die(desk, 3, 2), ['k0', 'k1'])
    await desk.call('join', { host: desk.world.host(4) })
    const hold = await desk.acquire(worker, 4)
    const others = await desk.exchange(hold, 9)
    assert.equal(others.leases.keys, ['k2', 'k3'])
    assert.equal(others.shortage, { kind: 'later', inMs: null })
    const first = await desk.exchange(hold, 9, completed(others.leases))
    assert.equal(first.leases.keys, ['k0'])
    await desk.load(1, { from: 9 })
    const alone = await desk.exchange(hold, 9)
    assert.equal([alone.leases.keys, alone.shortage], [[], { kind: 'later', inMs: null }], 'something was handed out beside a suspect')
    const after = await desk.exchange(hold, 9, completed(first.leases))
    assert.equal(after.leases.keys, ['k9'])
    const last = await desk.exchange(hold, 9, completed(after.leases))
    assert.equal(last.leases.keys, ['k1'])
    assert.equal(last.leases.attempts, [3])
    const end = await desk.exchange(hold, 9, completed(last.leases))
    assert.equal(end.shortage, { kind: 'complete' })
    assert.is(end.counts.done, 5)
  })

  test('a suspect that fails in order waits its turn and is still handed out alone', async (desk) => {
    await desk.begin(1)
    await die(desk, 2, 1)
    await die(desk, 3, 1)
    await desk.call('join', { host: desk.world.host(4) })
    const hold = await desk.acquire(worker, 4)
    const leases = await desk.claim(hold, 1)
    assert.equal((await desk.exchange(hold, 1, failed(leases, 70))).shortage, { kind: 'later', inMs: 70 })
    desk.world.advance(70)
    const again = await desk.claim(hold, 5)
    assert.equal([again.attempts, again.failures], [[4], [1]])
  })

  test('a task that takes its host down again and again is quarantined in the end, and only that one', async (desk) => {
    await desk.begin(3)
    /** Works until k0 comes, which ends the host; answers whether it came. */
    const live = async (number: number): Promise<boolean> => {
      await desk.call('join', { host: desk.world.host(number) })
      const hold = await desk.acquire(worker, number)
      for (let leases = await desk.claim(hold, 9); leases.keys.length > 0; leases = await desk.claim(hold, 9)) {
        if (leases.keys.includes('k0')) {
          desk.world.fate(desk.world.host(number), 'gone')
          return true
        }
        await desk.exchange(hold, 0, completed(leases))
      }
      return false
    }
    let ends = 0
    while (await live(2 + ends)) ends++
    assert.is(ends, 10)
    const { rows } = await desk.call('dead', { filter: {}, after: null, limit: 10 })
    assert.equal(
      rows.map(({ key, kind, attempt }) => ({ key, kind, attempt })),
      [{ key: 'k0', kind: 'poison', attempt: 10 }],
    )
    assert.equal(
      (await desk.results()).map(({ key, attempt }) => [key, attempt]),
      [
        ['k1', 3],
        ['k2', 3],
      ],
    )
  })
}
