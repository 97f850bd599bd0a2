import type { CompiledWorker } from '../../options/compiled.js'
import { createRedactor, findSecrets } from '../../redact.js'

/** The secrets of the system's workers: values to strike out of all that is written. They become more as workers are added. */
export class Secrets {
  readonly values: string[] = []
  #strike = createRedactor([])

  /** @param named those that the options name as secrets */
  constructor(named: readonly string[], workers: readonly CompiledWorker[]) {
    this.#hide(named)
    this.addFrom(workers)
  }

  /** Those in the inputs of workers. */
  addFrom(workers: readonly CompiledWorker[]): void {
    this.#hide(workers.flatMap((worker) => findSecrets(worker.input)))
  }

  #hide(found: readonly string[]): void {
    this.values.push(...new Set(found.filter((secret) => !this.values.includes(secret))))
    this.#strike = createRedactor(this.values)
  }

  redact = (text: string): string => this.#strike(text)
}
