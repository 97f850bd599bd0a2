/**
 * Hosts of this process that have ended without the store having been told, because it was locked or full: whoever opens the store
 * next from here tells it.
 */
import type { EngineClient } from './contract/engine.js'

/** By file. */
const departed = new Map<string, Set<string>>()

/** The host is over: its workers are free. */
export async function leaveStore(client: EngineClient, file: string, host: string): Promise<void> {
  const left = departed.get(file) ?? new Set()
  departed.set(file, left.add(host))
  await client.call('leave', { host })
  left.delete(host)
}

/** Tells the store of those who are over since. */
export async function tellDeparted(client: EngineClient, file: string): Promise<void> {
  for (const host of departed.get(file) ?? []) await leaveStore(client, file, host)
}
