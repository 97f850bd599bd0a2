import type { CompiledWorker } from '../../options/compiled.js'
import { filledPolicy } from '../../options/policies.js'

/** What a thread has from its worker's options for as long as it lives. */
export function bornWith({ restart, priority, group, enabled, target, drainMs, idleMs, ...rest }: CompiledWorker): object {
  return { ...rest, permanent: filledPolicy(restart).mode === 'permanent' }
}
