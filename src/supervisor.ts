/** A supervisor in a configuration. */
import type { SupervisorOptions } from './options/drover.js'

/**
 * A group of workers, and of supervisors, among the `workers` of a configuration. Gives back what it is given, with its type; in a
 * JSON configuration any entry with `children` is a supervisor.
 *
 * @example
 * supervisor({
 *   id: 'reviews',
 *   strategy: 'rest-for-one',
 *   intensity: { restarts: 5, withinMs: 60_000 },
 *   children: [
 *     { id: 'reviews/fetch', module: './fetch.worker.js' },
 *     supervisor({ id: 'reviews/label', children: matrix({ annotators, domains, worker }) }),
 *   ],
 * })
 */
export function supervisor(options: SupervisorOptions): SupervisorOptions {
  return options
}
