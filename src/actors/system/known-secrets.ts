import { createRedactor, findSecrets } from '../../redact.js'

interface WithInput {
  input: unknown
}

/** The secrets of the system: values to redact in everything that is written. Added workers add their secrets. */
export class Secrets {
  readonly values: string[] = []
  #strike = createRedactor([])

  /** @param named the option `secrets` */
  constructor(named: readonly string[], workers: readonly WithInput[]) {
    this.#hide(named)
    this.addFrom(workers)
  }

  /** Adds the secrets in the inputs of workers and pools. */
  addFrom(workers: readonly WithInput[]): void {
    this.#hide(workers.flatMap((worker) => findSecrets(worker.input)))
  }

  #hide(found: readonly string[]): void {
    this.values.push(...new Set(found.filter((secret) => !this.values.includes(secret))))
    this.#strike = createRedactor(this.values)
  }

  redact = (text: string): string => this.#strike(text)
}
