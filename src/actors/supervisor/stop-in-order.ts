/** Stops workers: all at once, or as an OTP supervisor does, one after another, the last one first. */
import type { LifecycleEvent } from '../../machines/lifecycle/contract.js'
import { type Stoppable, StopSequence } from '../../machines/supervision/stop-sequence.js'
import type { Tree } from '../../machines/supervision/tree.js'
import { patientTimeout } from '../../time/patient-timer.js'
import { askAll, type Owing } from './ask-all.js'

/** The tree, the listeners to changes, and the line for slots. */
interface Concerned {
  tree: Tree
  watchers: Set<() => void>
  parts: { slots: { withdraw(workers: Iterable<string>): void } }
}

/** A worker as it is stopped with others. */
interface WorkerToStop extends Stoppable, Owing {
  readonly config: { id: string }
  /** How often it was started by hand: a start in the meantime takes it out of the order. */
  readonly timesStarted: number
  /** Cancels its pending starts, and its wait for siblings. */
  standBack(): void
  /** Announces a stop, which comes at its turn. */
  announceStop(): void
  tell(event: LifecycleEvent): void
}

export interface StopOrder {
  /** After this time (ms) the remaining workers are stopped at once, without a drain. @defaultValue never */
  withinMs?: number
}

/**
 * Stops workers at once, those with a thread first. A start that is pending at a worker's turn was asked for later, so it is not
 * cancelled. Settles when all were told.
 */
export async function stopAtOnce(workers: readonly WorkerToStop[], event: Extract<LifecycleEvent, { type: 'STOP' }>): Promise<void> {
  const withThread = workers.filter(({ live }) => live)
  const others = workers.filter(({ live }) => !live)
  await askAll([...withThread, ...others], (worker) => worker.tell(event))
}

/**
 * Begins to stop workers. Workers directly under the system stop all at once; under each topmost supervisor they stop one after
 * another, each when the one after it is down. Instances of a worker directly under the system stop all at once, too. Workers
 * without a thread are down at once, and pending starts are cancelled. From the call on only a start by hand brings a worker back,
 * and takes it out of the order. Settles when all were told to stop or wait for their turn; workers with a thread come first.
 */
export async function stopInOrder(
  { tree, watchers, parts }: Concerned,
  workers: readonly WorkerToStop[],
  event: Extract<LifecycleEvent, { type: 'STOP' }>,
  { withinMs }: StopOrder = {},
): Promise<void> {
  const groups = new Map<string, WorkerToStop[]>()
  const atOnce: WorkerToStop[] = []
  // In reverse: the end of a line is found first.
  for (const worker of [...workers].reverse()) worker.standBack()
  parts.slots.withdraw(workers.map(({ config }) => config.id))
  for (const worker of workers) {
    const top = tree.above(worker.config.id).findLast(({ instances }) => !instances)?.id
    if (top === undefined || !worker.live) {
      atOnce.push(worker)
      continue
    }
    worker.announceStop()
    const group = groups.get(top)
    if (group) group.push(worker)
    else groups.set(top, [worker])
  }
  const told = stopAtOnce(atOnce, event)
  for (const group of groups.values()) {
    const inOrder = group.sort((a, b) => tree.position(a.config.id) - tree.position(b.config.id))
    const before = new Map(inOrder.map((worker) => [worker, worker.timesStarted]))
    const sequence = new StopSequence(inOrder, (worker) => {
      if (worker.timesStarted !== before.get(worker)) return false
      // Starts that were pending at the call are cancelled; others were called after it.
      worker.tell(event)
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
        for (const worker of inOrder) if (worker.live && worker.timesStarted === before.get(worker)) worker.tell({ ...event, drainMs: 0 })
      }, withinMs)
    }
    advance()
  }
  await told
}
