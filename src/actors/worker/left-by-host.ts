/** Reads what the store remembers of a worker, as another host has left it. */
import type { Failure } from '../../failure.js'
import { freshMemory, type Left, type WorkerMemory } from '../../machines/lifecycle/contract.js'
import { type WorkerState, workerStates } from '../../machines/lifecycle/states.js'
import type { WorkerRow } from '../../store/contract/registry.js'

const withThread: readonly string[] = ['starting', 'running', 'paused', 'stuck', 'stopping', 'crashed']

/**
 * @param orphaned its host is gone without having let it go: whatever lived in a thread then is idle now
 * @returns null where the store knows of nothing
 */
export function readLeft(row: Pick<WorkerRow, 'state' | 'memory'>, orphaned: boolean, at: number): Left | null {
  if (!(row.state in workerStates)) return null
  const kept = row.memory as Partial<WorkerMemory> | null
  // Stores of before knew when restarts were, not for how long the worker had been active.
  const memory: WorkerMemory = { ...freshMemory, activeMs: kept?.restarts?.at(-1)?.at ?? 0, ...kept }
  if (!orphaned || !withThread.includes(row.state)) return { state: row.state as WorkerState, memory }
  const message = `the host that ran it is gone; it was ${row.state}`
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
