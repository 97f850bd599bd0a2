/** The usual shape of an annotation job: every annotator works on every domain. */
import { DroverError } from '../errors.js'
import type { ReadonlyDeep } from '../readonly-deep.js'
import type { WorkerBase, WorkerOptions } from './worker.js'

/** The options of {@link matrix}. */
export interface MatrixOptions<Annotator extends string | number = string | number, Domain extends string = string> {
  /** The annotators' names; a number stands for its text. */
  annotators: readonly Annotator[]
  /** The questions that each annotator answers. */
  domains: readonly Domain[]
  /** The worker of one pair; null leaves the pair out. */
  worker: (annotator: NoInfer<`${Annotator}`>, domain: NoInfer<Domain>) => ReadonlyDeep<WorkerBase> | null
  /** The worker's id. @defaultValue `annotator-<annotator>/<domain>` */
  id?: (annotator: NoInfer<`${Annotator}`>, domain: NoInfer<Domain>) => string
}

/** Workers as {@link matrix} makes them: each has its pair. Other workers may be added to the list. */
export type MatrixWorkers<Annotator extends string | number = string | number, Domain extends string = string> = (WorkerOptions & {
  annotator: `${Annotator}`
  domain: Domain
})[] &
  WorkerOptions[]

/**
 * Workers for every pair of annotator and domain, annotator by annotator. Names that are written out keep their types:
 * `worker` gets an annotator `'1' | '2'` and a domain `'urgency' | 'intensity'`.
 *
 * @throws DroverError ARGUMENT_INVALID
 * @example
 * matrix({ annotators: [1, 2], domains: ['urgency', 'intensity'], worker: () => ({ module: './annotate.worker.js', dataset: 'messages' }) })
 * // ids: annotator-1/urgency, annotator-1/intensity, annotator-2/urgency, annotator-2/intensity
 */
export function matrix<const Annotator extends string | number, const Domain extends string>(
  options: MatrixOptions<Annotator, Domain>,
): MatrixWorkers<Annotator, Domain> {
  const { annotators, domains, worker, id = defaultId } = options ?? {}
  if (!Array.isArray(annotators) || !Array.isArray(domains) || typeof worker !== 'function' || typeof id !== 'function') {
    throw new DroverError('ARGUMENT_INVALID', 'matrix takes { annotators: list, domains: list, worker: function, id?: function }')
  }
  return annotators
    .map((annotator): `${Annotator}` => `${annotator as Annotator}`)
    .flatMap((annotator) =>
      domains.flatMap((domain: Domain) => {
        const base = worker(annotator, domain)
        return base === null ? [] : [{ ...(base as WorkerBase), id: id(annotator, domain), annotator, domain }]
      }),
    )
}

function defaultId(annotator: string, domain: string): string {
  return `annotator-${annotator}/${domain}`
}
