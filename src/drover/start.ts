/** Starts by hand: decides which workers start, wait or stay down, with the reason. */
import type { OpenSystem } from '../actors/system/contract.js'
import { heldBy } from '../actors/worker/registration.js'
import type { ManagedWorker } from '../actors/worker/worker.js'
import { DroverError } from '../errors.js'
import type { WorkerState } from '../machines/lifecycle/states.js'
import { inTurnsAsync, mostInTurn, shareOfTurn } from '../time/turns.js'
import { firstOf } from '../values/first-of.js'
import { type ControlOutcome, outcomeOf } from './reports.js'

/** States from which a start asks for a slot. */
const startable: readonly WorkerState[] = ['idle', 'stopped', 'completed', 'parked', 'backoff']

/** Workers asked for in the registry at once: each answer is a round trip to the store. */
const mostStarting = 500

/** @throws DroverError SLOTS_FULL, with `onFull: 'reject'`, if there are fewer free slots than workers to start */
export function refuseBeyondSlots({ parts, managed: all }: OpenSystem, workers: ManagedWorker[]): void {
  const { slots, config } = parts
  if (config.onFull === 'queue') return
  const beingStarted = [...all.values()].filter((managed) => managed.beingStarted)
  const starting = workers.filter((managed) => managed.config.enabled && startable.includes(managed.state))
  const idle = [...all.values()].filter((managed) => managed.idle).map(({ config: { id } }) => id)
  const short = slots.shortage(
    [...new Set([...beingStarted, ...starting])].map((managed) => managed.slotRequest),
    new Set(idle),
  )
  if (!short || starting.every((managed) => managed.beingStarted)) return
  const { group, limit, free, workers: wanting } = short
  const which = group === null ? 'slots' : `slots of group ${group}`
  const message = `${free} of ${limit} ${which} are free, ${wanting.length} are needed for ${firstOf(wanting)} (onFull is 'reject')`
  throw new DroverError('SLOTS_FULL', message, { details: { workers: wanting, free, limit, group } })
}

/** Starts some of them in each turn of the event loop. */
export function startAll(system: OpenSystem, workers: ManagedWorker[]): Promise<ControlOutcome[]> {
  // Workers whose turn comes later count as starting too.
  const waiting = new Map(workers.slice(mostInTurn).map((managed) => [managed, managed.announceStart()]))
  const startInTurn = async (managed: ManagedWorker): Promise<ControlOutcome> => {
    // A stop that was called before would cancel a start announced now.
    managed.catchUp()
    const start = waiting.get(managed) ?? managed.announceStart()
    try {
      return start.cancelled ? outcomeOf(managed, false, notStarted(managed)) : await startOne(system, managed, start)
    } finally {
      managed.dropStart(start)
    }
  }
  return inTurnsAsync(workers, startInTurn, mostStarting)
}

async function startOne(
  system: OpenSystem,
  managed: ManagedWorker,
  start: ReturnType<ManagedWorker['announceStart']>,
): Promise<ControlOutcome> {
  if (start.after) {
    await start.after
    managed.catchUp()
    if (start.cancelled) return outcomeOf(managed, false, notStarted(managed))
  }
  if (managed.isLeaving) return outcomeOf(managed, false, 'is being removed')
  if (!managed.config.enabled) return outcomeOf(managed, false, 'disabled')
  if (managed.state === 'blacklisted') {
    await managed.hold(async () => {
      await managed.lookAtModule()
      // Thousands of workers may have the same module, which is read once for all of them.
      await shareOfTurn()
    })
    managed.catchUp()
    if (start.cancelled) return outcomeOf(managed, false, notStarted(managed))
  }
  if (managed.state === 'blacklisted') return startBlacklisted(managed)
  if (managed.live || managed.state === 'queued') {
    managed.keepStarted()
    if (managed.state === 'queued' && managed.holder) return outcomeOf(managed, true, `waits: ${heldBy(managed.holder)}`)
    return outcomeOf(managed, true, managed.state === 'stopping' ? 'starts again when it has stopped' : 'already started')
  }
  const started = await managed.start(start)
  if (started === 'cancelled') return outcomeOf(managed, false, notStarted(managed))
  if (system.managed.get(managed.config.id)?.state === 'blacklisted') return startBlacklisted(managed)
  if (started === 'started') return outcomeOf(managed, true, 'started')
  const waits = system.parts.config.onHeld === 'wait'
  return outcomeOf(managed, waits, `${waits ? 'waits: ' : ''}${heldBy(started)}`)
}

/** A worker with parole starts at that time; the others stay down. */
function startBlacklisted(managed: ManagedWorker): ControlOutcome {
  const { until } = managed
  const { reason } = managed.memory
  if (until === null) {
    managed.tellBlacklisted()
    return outcomeOf(managed, false, `blacklisted (${reason}): reset it first`)
  }
  managed.tell({ type: 'START' })
  return outcomeOf(managed, true, `blacklisted (${reason}), on parole from ${new Date(until).toISOString()}`)
}

function notStarted({ isLeaving }: ManagedWorker): string {
  return isLeaving ? 'is being removed' : 'stopped before it was started'
}
