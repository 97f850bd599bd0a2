/** Reads a worker's state in the store, as another host left it. */
import type { Failure } from '../../failure.js'
import { freshMemory, type Left, type WorkerMemory } from '../../machines/lifecycle/contract.js'
import { type WorkerState, workerStates } from '../../machines/lifecycle/states.js'
import type { WorkerRow } from '../../store/contract/registry.js'
import { withThread } from './state-groups.js'

/**
 * @param orphaned its host died while holding it: a state with a thread becomes idle
 * @param timeOf a time of this host's clock, by the wall clock's
 * @returns null if the store has no state
 */
export function readLeft(
  row: Pick<WorkerRow, 'state' | 'memory'>,
  orphaned: boolean,
  at: number,
  timeOf: (shown: number) => number,
): Left | null {
  if (!(row.state in workerStates)) return null
  const state = row.state as WorkerState
  const kept = row.memory as Partial<WorkerMemory> | null
  // Stores of earlier versions have the times of restarts, but not the active time.
  const memory: Left['memory'] = { ...freshMemory, activeMs: kept?.restarts?.at(-1)?.at ?? 0, ...kept }
  const { until, breaker } = memory
  if (until !== null) memory.until = timeOf(until)
  if (breaker) memory.breaker = { ...breaker, until: breaker.until && timeOf(breaker.until) }
  const isAsleep = state === 'paused' && memory.paused === null
  if (!orphaned || isAsleep || !withThread.includes(state)) return { state, memory }
  const message = `the host that ran it is gone; it was ${state}`
  const lastFailure: Failure = {
    kind: 'orphaned',
    message,
    error: null,
    exitCode: null,
    hungAt: null,
    evidence: null,
    tasks: [],
    uptimeMs: null,
    at,
  }
  return { state: 'idle', memory: { ...memory, reason: message, lastFailure } }
}
