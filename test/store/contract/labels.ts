import * as assert from 'uvu/assert'
import type { EngineReply, EngineRequest } from '../../../src/store/contract/engine.js'
import { refused } from '../../support/refused.js'
import type { ContractTest } from '../support/contract.js'
import type { Desk } from '../support/desk.js'

/** Stores these values as the results of a lane, the first for k0 and so on; null leaves the item out. */
async function label(desk: Desk, id: string, values: (unknown | null)[]): Promise<void> {
  const hold = await desk.acquire(id)
  const { tokens, keys } = await desk.claim(hold, 1_000)
  const outcomes = tokens.flatMap((token, index) => {
    const value = values[Number(keys[index]?.slice(1))]
    return value === null || value === undefined ? [] : [{ do: 'complete' as const, token, value: JSON.stringify(value) }]
  })
  await desk.exchange(hold, 0, outcomes)
}

function labels(desk: Desk, query: Partial<EngineRequest<'labels'>> = {}): Promise<EngineReply<'labels'>> {
  return desk.call('labels', { path: '$.label', items: 100_000, ...query })
}

/** Asserts that the kept labels are those of the results, which another way to write the path reads. @returns the labels */
async function agree(desk: Desk, items = 100_000): Promise<string[]> {
  const { reports } = await labels(desk, { items })
  assert.equal(reports, (await labels(desk, { items, path: '$."label"' })).reports)
  return reports.flatMap(({ domain, labels: rows }) => rows.map((row) => `${domain} ${row.annotator} ${row.label} ${row.count}`))
}

export function labelsContract(test: ContractTest): void {
  test('labels follow every change: a redo, the next result, a dropped task, a reset', async (desk) => {
    await desk.begin(1_000, { workers: ['a/x', 'b/x'] })
    await label(
      desk,
      'a/x',
      Array.from({ length: 1_000 }, (_, n) =>
        n % 3 === 0 ? { label: n % 2 ? 'odd "one"' : 'even' } : n % 3 === 1 ? { label: n % 7 } : 'x'.repeat(300),
      ),
    )
    await label(
      desk,
      'b/x',
      Array.from({ length: 600 }, (_, n) => ({ reason: 'so', label: n % 2 ? 'odd "one"' : n % 4 ? null : 'even \ud83d\ude00' })),
    )
    await agree(desk)
    await agree(desk, 700)
    const hold = await desk.acquire('a/x')
    const before = await agree(desk)
    await desk.call('redo', { filter: { annotator: 'a' }, keys: ['k0', 'k6', 'k900'], call: 'one' })
    const during = await agree(desk)
    assert.equal(
      [before, during].map((rows) => rows.filter((row) => row.startsWith('x a even'))),
      [['x a even 167'], ['x a even 164']],
    )
    const { tokens } = await desk.claim(hold, 2)
    await desk.exchange(
      hold,
      0,
      tokens.map((token) => ({ do: 'complete', token, value: '{"label":"other"}' })),
    )
    assert.ok((await agree(desk)).includes('x a other 2'))
    await desk.call('drop', { filter: {}, keys: null, state: 'retrying', error: { name: 'E', message: 'm' }, limit: 9 })
    await agree(desk)
    await desk.call('reset', { worker: 'a/x', host: 'host-1', data: true })
    assert.equal(
      (await agree(desk)).map((row) => row.slice(0, 3)),
      ['x b', 'x b'],
    )
  })

  test('labels are counted by annotator, and agreement by pair, for each dataset and domain', async (desk) => {
    await desk.begin(4, { workers: ['a/x', 'b/x', 'a/y'] })
    await label(
      desk,
      'a/x',
      ['u', 'u', 'v', 'v'].map((text) => ({ label: text })),
    )
    await label(
      desk,
      'b/x',
      ['u', 'v', 'v', null].map((text) => text && { label: text }),
    )
    await label(desk, 'a/y', [{ label: 'w' }])
    const { reports } = await labels(desk)
    const none = { items: 0, percent: null, alpha: null, pairs: [] }
    // Two of three agree; by chance (2 * 1 + 1 * 2) of 9 would: kappa is (2/3 - 4/9) / (1 - 4/9).
    const agreement = {
      annotators: 2,
      items: 3,
      percent: 200 / 3,
      alpha: 1 - (5 * 2) / 18,
      pairs: [{ a: 'a', b: 'b', items: 3, percent: 200 / 3, kappa: 0.4 }],
    }
    assert.equal(reports, [
      {
        dataset: 'data',
        domain: 'x',
        items: 4,
        labels: [
          { annotator: 'a', label: 'u', count: 2 },
          { annotator: 'a', label: 'v', count: 2 },
          { annotator: 'b', label: 'v', count: 2 },
          { annotator: 'b', label: 'u', count: 1 },
        ],
        agreement,
      },
      { dataset: 'data', domain: 'y', items: 1, labels: [{ annotator: 'a', label: 'w', count: 1 }], agreement: { annotators: 1, ...none } },
    ])
    assert.equal((await labels(desk, { domain: 'y' })).reports, reports.slice(1))
    assert.equal((await labels(desk, { dataset: 'none' })).reports, [])
  })

  test('a label may be of any type, lie anywhere in the value, or be the value', async (desk) => {
    await desk.begin(9)
    const values = [{ label: 'text' }, { label: true }, { label: 3 }, { label: null }, {}, { label: { a: 1 } }, 'plain', 7, ['list']]
    await label(desk, 'annotator-1/urgency', values)
    const [report] = (await labels(desk)).reports
    assert.equal(report?.labels.map((one) => one.label).sort(), ['3', '7', '["list"]', 'plain', 'text', 'true', '{"a":1}'])
    assert.is(report?.items, 7)
    const deep = await labels(desk, { path: '$.label.a' })
    assert.equal(deep.reports[0]?.labels.map((one) => one.label).sort(), ['1', '7', '["list"]', 'plain'])
    await refused(labels(desk, { path: 'label' }), 'ARGUMENT_INVALID')
  })

  test('of many items the latest count, the same ones in every lane', async (desk) => {
    await desk.begin(20, { workers: ['a/x', 'b/x'] })
    const every = (n: number) => Array.from({ length: 20 }, (_, index) => (index % n === 0 ? `l${index}` : null))
    await label(desk, 'a/x', every(2))
    await label(desk, 'b/x', every(3))
    const [report] = (await labels(desk, { items: 4 })).reports
    // k18, k16, k15 and k14.
    assert.is(report?.items, 4)
    assert.equal(
      report?.labels.map(({ annotator, label: text }) => `${annotator} ${text}`),
      ['a l14', 'a l16', 'a l18', 'b l15', 'b l18'],
    )
    assert.is((await labels(desk, { items: 19 })).reports[0]?.items, 13)
  })

  test('the fifty most frequent labels are told, and the rest as one; agreement goes by all of them', async (desk) => {
    await desk.begin(130, { workers: ['a/x', 'b/x'] })
    const values = Array.from({ length: 130 }, (_, index) => `l${index < 100 ? index % 50 : index}`)
    await label(desk, 'a/x', values)
    await label(desk, 'b/x', values)
    const [report] = (await labels(desk)).reports
    assert.is(report?.labels.length, 102)
    assert.equal(
      report?.labels.filter((one) => one.label === '(other)'),
      [
        { annotator: 'a', label: '(other)', count: 30 },
        { annotator: 'b', label: '(other)', count: 30 },
      ],
    )
    assert.equal([report?.agreement.alpha, report?.agreement.pairs[0]?.kappa], [1, 1])
  })
}
