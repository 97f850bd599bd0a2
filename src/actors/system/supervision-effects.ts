import type { Logs } from '../../logs/logs.js'
import type { SupervisionEffects } from '../supervisor/contract.js'
import { stopInOrder } from '../supervisor/stop-in-order.js'
import type { SystemParts } from '../worker/contract.js'
import type { ManagedWorker } from '../worker/worker.js'
import type { OpenSystem } from './contract.js'

interface Supervised extends Pick<OpenSystem, 'tree' | 'supervisors' | 'watchers'> {
  parts: Pick<SystemParts, 'config' | 'now' | 'order' | 'publish' | 'slots'>
  managed: ReadonlyMap<string, ManagedWorker>
  log: ReturnType<Logs['part']>
}

/**
 * The effects of supervisors: states are emitted and logged; a failure that no supervisor handles stops all workers, unless
 * `onEscalation` is `'keep'`.
 */
export function supervisionEffects({ parts, managed, tree, supervisors, watchers, log }: Supervised): SupervisionEffects {
  const { config, now, order, publish } = parts
  return {
    now: () => performance.now(),
    order,
    childOf: (supervisor, worker) => tree.get(tree.childOf(supervisor, worker) ?? ''),
    worker: (id) => managed.get(id) as ManagedWorker,
    entered: (supervisor, to, reason) => {
      const from = supervisors.get(supervisor)?.state
      if (from === to) return
      const at = now()
      supervisors.set(supervisor, { state: to, reason, since: at })
      if (from === undefined || !tree.supervisor(supervisor)) return
      publish('supervisor:state:changed', { supervisor, from, to, reason, at })
      log[to === 'up' ? 'info' : 'warn'](`supervisor ${supervisor}: ${from} -> ${to}: ${reason}`)
    },
    escalated: (from, reason) => {
      const [worker, supervisor] = tree.supervisor(from) ? [null, from] : [from, null]
      publish('system:failure:escalated', { worker, supervisor, reason, answer: config.onEscalation, at: now() })
      if (config.onEscalation === 'keep') return
      const others = [...managed.values()].filter((own) => own.config.id !== worker)
      void stopInOrder({ tree, watchers, parts }, others, { type: 'STOP', reason: `${from} escalated: ${reason}` })
    },
  }
}
