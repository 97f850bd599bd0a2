/** The usual shape of an annotation job: every annotator works on every domain. */
import { DroverError } from '../errors.js'
import type { WorkerBase, WorkerOptions } from './worker.js'

/** The options of {@link matrix}. */
export interface MatrixOptions {
  /** The annotators' names; a number stands for its text. */
  annotators: readonly (string | number)[]
  /** The questions that each annotator answers. */
  domains: readonly string[]
  /** The worker of one pair; null leaves the pair out. */
  worker: (annotator: string, domain: string) => WorkerBase | null
  /** The worker's id. @defaultValue `annotator-<annotator>/<domain>` */
  id?: (annotator: string, domain: string) => string
}

/**
 * Workers for every pair of annotator and domain, annotator by annotator.
 *
 * @throws DroverError ARGUMENT_INVALID
 * @example
 * matrix({ annotators: [1, 2], domains: ['urgency', 'intensity'], worker: () => ({ module: './annotate.worker.js', dataset: 'messages' }) })
 * // ids: annotator-1/urgency, annotator-1/intensity, annotator-2/urgency, annotator-2/intensity
 */
export function matrix(options: MatrixOptions): WorkerOptions[] {
  const { annotators, domains, worker, id = defaultId } = options ?? {}
  if (!Array.isArray(annotators) || !Array.isArray(domains) || typeof worker !== 'function' || typeof id !== 'function') {
    throw new DroverError('ARGUMENT_INVALID', 'matrix takes { annotators: list, domains: list, worker: function, id?: function }')
  }
  return annotators.map(String).flatMap((annotator) =>
    domains.flatMap((domain) => {
      const base = worker(annotator, domain)
      return base === null ? [] : [{ ...base, id: id(annotator, domain), annotator, domain }]
    }),
  )
}

function defaultId(annotator: string, domain: string): string {
  return `annotator-${annotator}/${domain}`
}
