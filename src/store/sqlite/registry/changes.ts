/** Stored changes of the configuration, as opaque texts. */
import type { EngineReply, EngineRequest } from '../../contract/engine.js'
import type { EngineContext } from '../engine-context.js'

export function changes({ db }: EngineContext) {
  const upsert = db.prepare<[string, string]>(
    'INSERT INTO change (id, change) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET change = excluded.change',
  )
  const remove = db.prepare<[string]>('DELETE FROM change WHERE id = ?')
  const all = db.prepare<[], { id: string; change: string }>('SELECT id, change FROM change ORDER BY seq')

  return {
    keepChange({ id, change }: EngineRequest<'keepChange'>): EngineReply<'keepChange'> {
      if (change === null) remove.run(id)
      else upsert.run(id, change)
      return {}
    },
    keptChanges: (): EngineReply<'keptChanges'> => ({ changes: all.all() }),
  }
}
