/**
 * Hosts of this process whose end could not be stored, because the store was locked or full. The next system of this process on
 * the store reports them.
 */
import type { EngineClient } from './contract/engine.js'

/** By file. */
const departed = new Map<string, Set<string>>()

/** Reports the end of a host, which frees its workers. */
export async function leaveStore(client: EngineClient, file: string, host: string): Promise<void> {
  const left = departed.get(file) ?? new Set()
  departed.set(file, left.add(host))
  await client.call('leave', { host })
  left.delete(host)
}

/** Reports hosts that ended since. */
export async function tellDeparted(client: EngineClient, file: string): Promise<void> {
  for (const host of departed.get(file) ?? []) await leaveStore(client, file, host)
}
