/** Stops workers as an OTP supervisor does: one after another, the last one first. */
import type { LifecycleEvent } from '../../machines/lifecycle/contract.js'
import { type Stoppable, StopSequence } from '../../machines/supervision/stop-sequence.js'
import type { Tree } from '../../machines/supervision/tree.js'
import { patientTimeout } from '../../time/patient-timer.js'
import { askAll, type Owing } from './ask-all.js'

/** Who stands where, and who is told when something has changed. */
interface Concerned {
  tree: Tree
  watchers: Set<() => void>
}

/** A worker as it is stopped with others. */
interface WorkerToStop extends Stoppable, Owing {
  readonly config: { id: string }
  /** How often it was started by hand: a start in the meantime takes it out of the order. */
  readonly timesStarted: number
  /** Its starts that are on their way come to nothing. */
  standBack(): void
  /** A stop is coming, in its turn. */
  announceStop(): void
  stop(event: Extract<LifecycleEvent, { type: 'STOP' }>): void
}

export interface StopOrder {
  /** After so long the rest is told at once, without a drain: there is no time left to go one by one. @defaultValue never */
  withinMs?: number
}

/**
 * Begins to stop workers. Those that stand directly under the system stop all at once; under each topmost supervisor one after
 * another, each when the one after it is down. Those without a thread are down at once, and starts that are on their way come to
 * nothing. From the call on nothing brings one of them back but a start by hand, which takes it out of the order. Settles when all were told
 * or stand in a line: those with a thread first.
 */
export async function stopInOrder(
  { tree, watchers }: Concerned,
  workers: readonly WorkerToStop[],
  event: Extract<LifecycleEvent, { type: 'STOP' }>,
  { withinMs }: StopOrder = {},
): Promise<void> {
  const groups = new Map<string, WorkerToStop[]>()
  const atOnce: WorkerToStop[] = []
  // Whoever stands at the end of the line for slots is found there at once.
  for (const worker of [...workers].reverse()) worker.standBack()
  for (const worker of workers) {
    const top = tree.above(worker.config.id).at(-1)?.id
    if (top === undefined || !worker.live) {
      atOnce.push(worker)
      continue
    }
    worker.announceStop()
    const group = groups.get(top)
    if (group) group.push(worker)
    else groups.set(top, [worker])
  }
  const withThread = atOnce.filter(({ live }) => live)
  const told = askAll([...withThread, ...atOnce.filter(({ live }) => !live)], (worker) => worker.stop(event))
  for (const group of groups.values()) {
    const inOrder = group.sort((a, b) => tree.position(a.config.id) - tree.position(b.config.id))
    const before = new Map(inOrder.map((worker) => [worker, worker.timesStarted]))
    const sequence = new StopSequence(inOrder, (worker) => {
      if (worker.timesStarted !== before.get(worker)) return false
      worker.stop(event)
      return true
    })
    let hurry = (): void => {}
    const advance = (): void => {
      if (!sequence.advance()) return
      hurry()
      watchers.delete(advance)
    }
    watchers.add(advance)
    if (withinMs !== undefined) {
      hurry = patientTimeout(() => {
        for (const worker of inOrder) if (worker.live && worker.timesStarted === before.get(worker)) worker.stop({ ...event, drainMs: 0 })
      }, withinMs)
    }
    advance()
  }
  await told
}
