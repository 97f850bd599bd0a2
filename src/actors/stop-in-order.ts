/** Stops workers as an OTP supervisor does: one after another, the last one first. */
import type { LifecycleEvent } from '../machines/lifecycle-contract.js'
import { StopSequence } from '../machines/stop-sequence.js'
import type { OpenSystem } from './open-system.js'
import type { WorkerHands } from './worker.js'

/**
 * Begins to stop workers. Those that stand directly under the system stop all at once; under each topmost supervisor one after
 * another, each when the one after it is down. Those without a thread are down at once, and starts that are on their way come to
 * nothing.
 */
export function stopInOrder(
  { tree, watchers }: Pick<OpenSystem, 'tree' | 'watchers'>,
  workers: readonly WorkerHands[],
  event: Extract<LifecycleEvent, { type: 'STOP' | 'BLACKLIST' }>,
): void {
  const groups = new Map<string, WorkerHands[]>()
  for (const worker of workers) {
    const { id } = worker.config
    const top = tree.above(id).at(-1)?.id
    if (top === undefined || !worker.live) worker.stop(event)
    else {
      worker.cancelStarts()
      groups.set(top, [...(groups.get(top) ?? []), worker])
    }
  }
  for (const group of groups.values()) {
    const inOrder = group.sort((a, b) => tree.position(a.config.id) - tree.position(b.config.id))
    const sequence = new StopSequence(inOrder, (worker) => worker.stop(event))
    const advance = (): void => {
      if (sequence.advance()) watchers.delete(advance)
    }
    watchers.add(advance)
    advance()
  }
}
