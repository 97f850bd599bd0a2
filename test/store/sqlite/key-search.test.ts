/** A search finds what a look at every task finds, whichever way it goes and wherever its pages end. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { TaskFilter, TaskRecord, TaskState } from '../../../src/store/contract/single-tasks.js'
import { openSqliteEngine, type SqliteEngine } from '../../../src/store/sqlite/engine.js'
import { openReader } from '../../../src/store/sqlite/open.js'
import { candidates } from '../../../src/store/sqlite/reads/candidates.js'
import { usualSizes } from '../../../src/store/sqlite/reads/key-ranges.js'
import { keySearch } from '../../../src/store/sqlite/reads/key-search.js'
import { lanesMatching } from '../../../src/store/sqlite/reads/paging.js'
import { searchCounts } from '../../../src/store/sqlite/reads/task-counts.js'
import { completed, failed } from '../support/desk.js'
import { inFolder } from '../support/folders.js'
import { newStore } from '../support/new-store.js'
import { World } from '../support/world.js'

const states: readonly TaskState[] = ['waiting', 'leased', 'retrying', 'done', 'dead']
const nothing = { kind: null, errors: null }

/** Two datasets with the same keys, two lanes each, with tasks in every state, skipped and placed ones, and two priorities. */
function fill(engine: SqliteEngine, world: World): void {
  const host = world.host(1)
  engine.join({ host })
  // The last one sorts by code points after what UTF-16 puts behind it.
  const keys = ['', 'a', 'a.1', 'a.10', 'a.2', 'a1', 'aa', 'ab', 'b', 'b%', 'b_a', '.a', 'ä', '\u{ffee}', '\u{1f4a9}a']
  const names = ['one', 'two'].flatMap((dataset) =>
    ['p', 'q'].map((annotator) => ({ worker: `${dataset} ${annotator}`, dataset, annotator })),
  )
  engine.declare({
    workers: names.map(({ worker, dataset, annotator }) => ({ worker, lane: { dataset, annotator, domain: 'x', target: null } })),
  })
  for (const dataset of ['one', 'two'])
    engine.enqueue({ dataset, items: keys.map((key, index) => ({ key, data: '1', priority: index % 2 })), onConflict: 'error' })
  for (const [n, { worker }] of names.entries()) {
    const { fence } = engine.acquire({ worker, host: host.id }) as { fence: number }
    const { leases } = engine.exchange({ worker, fence, request: 1, outcomes: [], want: 9 - n })
    const outcomes = [...completed(leases).slice(0, 3), ...failed(leases, null).slice(3, 5), ...failed(leases, 1_000).slice(5, 6)]
    engine.exchange({ worker, fence, request: 2, outcomes, want: 0 })
  }
  const error = { name: 'Dropped', message: 'away' }
  engine.drop({ filter: { annotator: 'p' }, keys: ['', 'a1', 'b', 'ä'], state: 'waiting', error, limit: 10 })
  engine.prioritise({ filter: { dataset: 'two', annotator: 'q' }, keys: ['.a', 'ab', 'aa'], priority: 5 })
}

const bytes = (text: string): Buffer => Buffer.from(text)

test('a search finds every task that matches once, in order, of each state, by whatever way and pages', () =>
  inFolder((folder) => {
    const file = `${folder}/drover.db`
    newStore(file)
    const world = new World()
    const engine = openSqliteEngine({ file, durability: 'process', keepEvents: 10, now: world.now, isGone: world.isGone })
    fill(engine, world)
    const all = engine.tasks({ filter: {}, after: null, limit: 1_000 }).rows
    engine.close()
    const db = openReader(file)
    const lanes = lanesMatching(db, {})
    const expected = (filter: Omit<TaskFilter, 'filter'>): TaskRecord[] =>
      all
        .filter(
          ({ key, state }) =>
            key.includes(filter.search ?? '') &&
            key.startsWith(filter.prefix ?? '') &&
            (filter.keys?.includes(key) ?? true) &&
            (filter.state === undefined || filter.state === state),
        )
        .sort(
          (a, b) =>
            a.dataset.localeCompare(b.dataset) || Buffer.compare(bytes(a.key), bytes(b.key)) || a.annotator.localeCompare(b.annotator),
        )
    const ways = {
      usual: usualSizes,
      'by key, little at once': { keys: 2, pairs: 3, firstPairs: 1, countedPairs: 2, fewTasks: 0 },
      'by key, more at once': { keys: 5, pairs: 20, firstPairs: 4, countedPairs: 9, fewTasks: 0 },
    }
    const searches = [
      { search: 'a' },
      { search: '.' },
      { search: '%' },
      { search: 'none' },
      { prefix: 'a' },
      { prefix: 'a.1' },
      { prefix: '\u{1f4a9}' },
      { prefix: 'zz' },
      { prefix: 'a', search: '1' },
      { keys: ['', 'b', 'nothing', 'a.10'] },
      { keys: [] },
    ]
    for (const [way, sizes] of Object.entries(ways)) {
      const search = keySearch(db, candidates(db), sizes)
      const counts = searchCounts(db, sizes)
      for (const one of searches) {
        for (const state of [undefined, ...states]) {
          const filter = { filter: {}, ...one, ...(state && { state }) }
          const wanted = expected(filter).map(({ key, dataset, annotator }) => `${dataset} ${annotator} ${key}`)
          for (const limit of [1, 2, 7, 100]) {
            const told: string[] = []
            let after: string | null = null
            let pages = 0
            do {
              const page: ReturnType<typeof search.page> = search.page(lanes, filter, nothing, after, limit)
              assert.ok(page.found.length <= limit, 'a page is not longer than it may be')
              told.push(...page.found.map(({ key, lane }) => `${lane.dataset} ${lane.annotator} ${key}`))
              // The position of each task leads on from it too.
              assert.is(page.found.length === limit ? page.found.at(-1)?.place : page.next, page.next)
              after = page.next
              pages++
            } while (after !== null)
            if (sizes.keys === 2 && one.search === 'none' && state === undefined) assert.ok(pages > 1, 'a search looks at so much at once')
            assert.equal(told, wanted, `${way}, ${JSON.stringify(filter)}, ${limit} at once`)
          }
        }
        const sum = { waiting: 0, leased: 0, retrying: 0, done: 0, dead: 0, dropped: 0 }
        let after: string | null = null
        let parts = 0
        do {
          const part: ReturnType<typeof counts> = counts(lanes, { filter: {}, ...one }, nothing, after)
          for (const state of Object.keys(sum) as (keyof typeof sum)[]) sum[state] += part.counts[state]
          after = part.next
          parts++
        } while (after !== null)
        if (sizes.countedPairs === 2 && one.prefix === 'a') assert.ok(parts > 1, 'a count looks at so much at once')
        const wanted = Object.fromEntries(states.map((state) => [state, expected({ ...one, state }).length]))
        assert.equal(
          sum,
          { ...wanted, dropped: expected(one).filter(({ kind }) => kind === 'dropped').length },
          `${way}, ${JSON.stringify(one)}`,
        )
      }
    }
    db.close()
  }))

test.run()
