/** What `matrix` keeps of the names that it is given. Compiled, never run. */
import { createDrover, type DroverOptions, type MatrixOptions, matrix, type WorkerOptions } from 'drover'
import { same } from './same.js'

const prompts = { urgent: 'Is it urgent?', friendly: 'Is it friendly?' }

export const workers = matrix({
  annotators: ['ann', 'bob', 3],
  domains: ['urgent', 'friendly'],
  worker: (annotator, domain) => {
    same<typeof annotator, 'ann' | 'bob' | '3'>()
    same<typeof domain, 'urgent' | 'friendly'>()
    return { module: new URL('./label.worker.js', import.meta.url), dataset: 'messages', input: prompts[domain] }
  },
  id: (annotator, domain) => {
    same<typeof annotator, 'ann' | 'bob' | '3'>()
    same<typeof domain, 'urgent' | 'friendly'>()
    return `${annotator}.${domain}`
  },
})

// What it makes has them too.
const asked = workers.map(({ annotator, domain }) => ({ annotator, domain }))
same<typeof asked, { annotator: 'ann' | 'bob' | '3'; domain: 'urgent' | 'friendly' }[]>()
for (const { domain } of workers) same<typeof domain, 'urgent' | 'friendly'>()
export const options: DroverOptions = { store: ':memory:', workers }

// It is a list of workers like any other.
const other: WorkerOptions = { id: 'other', module: './other.worker.js' }
workers.push(other)
export const lists: WorkerOptions[][] = [
  workers,
  workers.concat(other),
  [...workers, other],
  workers.filter(({ domain }) => domain === 'urgent'),
  workers.concat(matrix({ annotators: ['eve'], domains: ['calm'], worker: () => null })),
]

// A domain without a prompt is a compile error, and so is a pair that is not in it.
matrix({
  annotators: ['ann'],
  domains: ['urgent', 'angry'],
  // @ts-expect-error there is no prompt for 'angry'
  worker: (_, domain) => ({ module: './label.worker.js', input: prompts[domain] }),
})
matrix({
  annotators: [1, 2],
  domains: ['urgent'],
  // @ts-expect-error there is no annotator '3'
  worker: (annotator) => (annotator === '3' ? null : { module: './label.worker.js' }),
})

// Constants, lists of any names, and options that were made before.
matrix({ annotators: ['ann'] as const, domains: ['urgent'] as const, worker: (_, domain) => ({ module: domain satisfies 'urgent' }) })
const names: string[] = []
const numbers: number[] = []
matrix({ annotators: names, domains: names, worker: (annotator) => ({ module: annotator }) })
matrix({ annotators: numbers, domains: names, worker: (annotator: string) => ({ module: `./${annotator}.js` }) })
const made: MatrixOptions = { annotators: ['ann', 1], domains: ['urgent'], worker: (annotator: string) => ({ module: annotator }) }
export const again: WorkerOptions[] = matrix(made)
matrix({ annotators: ['ann', 1], domains: ['urgent'], worker: (annotator: string, domain: string) => ({ module: annotator + domain }) })
// Also where the workers are expected to be any.
const anywhere: DroverOptions = {
  store: ':memory:',
  workers: matrix({
    annotators: ['ann'],
    domains: ['urgent', 'friendly'],
    worker: (annotator, domain) => ({ module: './label.worker.js', input: [annotator satisfies 'ann', prompts[domain]] }),
  }),
}
await createDrover(anywhere)
await createDrover({
  store: ':memory:',
  workers: matrix({
    annotators: ['ann'],
    domains: ['urgent', 'friendly'],
    worker: (annotator, domain) => ({ module: './label.worker.js', input: [annotator satisfies 'ann', prompts[domain]] }),
  }),
})
