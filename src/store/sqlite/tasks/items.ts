/** Datasets and their items. Items are only added, or their data replaced. */
import { isDeepStrictEqual } from 'node:util'
import type { EngineReply, EngineRequest } from '../../contract/engine.js'
import type { NewItem } from '../../contract/tasks.js'
import type { EngineContext } from '../engine-context.js'
import type { Lanes } from '../registry/lanes.js'

export type Items = ReturnType<typeof items>

export function items({ db }: EngineContext, lanes: Lanes) {
  const selectDataset = db.prepare<[string], number>('SELECT id FROM dataset WHERE name = ?').pluck()
  const insertDataset = db.prepare<[string]>('INSERT INTO dataset (name) VALUES (?)')
  const insertItem = db.prepare<[number, string, number, string]>(
    'INSERT INTO item (dataset, key, priority, data) VALUES (?, ?, ?, ?) ON CONFLICT (dataset, key) DO NOTHING',
  )
  const selectData = db.prepare<[number, string], string>('SELECT data FROM item WHERE dataset = ? AND key = ?').pluck()
  const updateData = db.prepare<[string, number, string]>('UPDATE item SET data = ? WHERE dataset = ? AND key = ?')
  const growLevel = db.prepare<[number, number, number, number]>(
    `INSERT INTO level (dataset, priority, items, last) VALUES (?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET items = items + excluded.items, last = excluded.last`,
  )
  const growDataset = db.prepare<[number, number]>('UPDATE dataset SET items = items + ? WHERE id = ?')
  const raiseTop = db.prepare<[number, number, number]>('UPDATE lane SET top = ? WHERE dataset = ? AND (top IS NULL OR top < ?)')
  const savepoint = db.prepare<[]>('SAVEPOINT enqueue')
  const undo = db.prepare<[]>('ROLLBACK TO enqueue')
  const release = db.prepare<[]>('RELEASE enqueue')

  /** The id of a dataset, which is added if new. */
  function dataset(name: string): number {
    return selectDataset.get(name) ?? Number(insertDataset.run(name).lastInsertRowid)
  }

  function enqueue(request: EngineRequest<'enqueue'>): EngineReply<'enqueue'> {
    const { onConflict } = request
    const id = dataset(request.dataset)
    const reply = { added: 0, known: 0, updated: 0 }
    const added = new Map<number, { count: number; last: number }>()
    if (onConflict === 'error') savepoint.run()
    for (const [index, item] of request.items.entries()) {
      const inserted = insertItem.run(id, item.key, item.priority, item.data)
      if (inserted.changes === 1) {
        reply.added++
        count(added, item, Number(inserted.lastInsertRowid))
      } else if (onConflict === 'keep' || sameData(selectData.get(id, item.key) as string, item.data)) {
        reply.known++
      } else if (onConflict === 'update') {
        updateData.run(item.data, id, item.key)
        reply.updated++
      } else {
        undo.run()
        release.run()
        return { added: 0, known: 0, updated: 0, conflict: { index, key: item.key } }
      }
    }
    if (onConflict === 'error') release.run()
    if (reply.added > 0) grow(id, added, reply.added)
    return { ...reply, conflict: null }
  }

  function grow(id: number, added: Map<number, { count: number; last: number }>, total: number): void {
    let highest = Number.NEGATIVE_INFINITY
    for (const [priority, { count, last }] of added) {
      growLevel.run(id, priority, count, last)
      highest = Math.max(highest, priority)
    }
    growDataset.run(total, id)
    raiseTop.run(highest, id, highest)
    lanes.touchDataset(id)
  }

  return { dataset, enqueue }
}

/** Whether two texts are equal as JSON, in any order of keys. */
function sameData(known: string, given: string): boolean {
  return known === given || (known.length === given.length && isDeepStrictEqual(JSON.parse(known), JSON.parse(given)))
}

function count(added: Map<number, { count: number; last: number }>, { priority }: NewItem, id: number): void {
  const level = added.get(priority)
  if (level) {
    level.count++
    level.last = id
  } else {
    added.set(priority, { count: 1, last: id })
  }
}
