/** A small configuration that has no mistake, for tests to spoil. */
import { fileURLToPath } from 'node:url'

/** Any file that a worker module could be. */
export const moduleFile = fileURLToPath(import.meta.url)

/** Fresh at each call. */
export function good(): Record<string, unknown> {
  return {
    store: ':memory:',
    quotas: { 'key-1': { requests: { limit: 15, per: 'minute' } } },
    pools: [{ id: 'parse', module: moduleFile }],
    workers: [
      { id: 'annotator-1/urgency', module: moduleFile, dataset: 'messages', quota: 'key-1' },
      { id: 'annotator-2/urgency', module: moduleFile, dataset: 'messages' },
      { id: 'group', children: [{ id: 'annotator-3/urgency', module: moduleFile, dataset: 'messages' }] },
    ],
  }
}

/** {@link good} with one option set; the path is written as issues write it: `workers[0].heartbeat.everyMs`. */
export function withOption(path: string, value: unknown): Record<string, unknown> {
  return withOptions([[path, value]])
}

/** {@link good} with several options set, one after the other. */
export function withOptions(set: readonly [path: string, value: unknown][]): Record<string, unknown> {
  const options = good()
  for (const [path, value] of set) put(options, path, value)
  return options
}

function put(options: Record<string, unknown>, path: string, value: unknown): void {
  const parts = [...path.matchAll(/[^.[\]]+/g)].map(([part]) => part)
  const last = parts.pop() as string
  let place = options
  for (const [index, part] of parts.entries()) {
    const below = place[part]
    if (typeof below !== 'object' || below === null) place[part] = /^\d+$/.test(parts[index + 1] ?? last) ? [] : {}
    place = place[part] as Record<string, unknown>
  }
  place[last] = value
}
