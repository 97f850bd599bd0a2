/** A small configuration that has no mistake, for tests to spoil. */
import { fileURLToPath } from 'node:url'

/** Any file that a worker module could be. */
export const moduleFile = fileURLToPath(import.meta.url)

/** Fresh at each call. */
export function good(): Record<string, unknown> {
  return {
    store: ':memory:',
    quotas: { 'key-1': { requests: { limit: 15, per: 'minute' } } },
    workers: [
      { id: 'annotator-1/urgency', module: moduleFile, dataset: 'messages', quota: 'key-1' },
      { id: 'annotator-2/urgency', module: moduleFile, dataset: 'messages' },
      { id: 'group', children: [{ id: 'annotator-3/urgency', module: moduleFile, dataset: 'messages' }] },
    ],
  }
}

/** {@link good} with one option set; the path is written as issues write it: `workers[0].heartbeat.everyMs`. */
export function withOption(path: string, value: unknown): Record<string, unknown> {
  const options = good()
  const parts = [...path.matchAll(/[^.[\]]+/g)].map(([part]) => part)
  const last = parts.pop() as string
  let place = options
  for (const part of parts) {
    place[part] ??= {}
    place = place[part] as Record<string, unknown>
  }
  place[last] = value
  return options
}
