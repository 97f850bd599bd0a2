/** Running loads: workers of the dataset take up new items, and their lanes count as unfinished while more may come. */
import type { OpenSystem } from '../actors/system/contract.js'
import type { Waker } from '../actors/system/wake-workers.js'
import { closest } from '../values/closest.js'
import { firstOf } from '../values/first-of.js'
import { type LoadOptions, type LoadReport, loadItems } from './load.js'

export class OpenLoads {
  readonly #system: OpenSystem
  readonly #waker: Waker
  /** Datasets without a worker, for which a warning was given. */
  readonly #unknown = new Set<string>()

  constructor(system: OpenSystem, waker: Waker) {
    this.#system = system
    this.#waker = waker
  }

  async load<Item>(dataset: string, source: Iterable<Item> | AsyncIterable<Item>, options: LoadOptions<Item>): Promise<LoadReport> {
    const { loading, loaded, unused, parts, managed, ending } = this.#system
    const store = parts.writeRetry.client(parts.store.client, options.signal)
    const warning = this.#warnOfUnknown(dataset)
    const before = unused.get(dataset)
    if (warning !== null) unused.set(dataset, before ?? 0)
    loading.set(dataset, (loading.get(dataset) ?? 0) + 1)
    try {
      const report = await loadItems(store, dataset, source, options, ending.signal, () => this.#waker.dataset(dataset))
      loaded.add(dataset)
      const { added, known, updated } = report
      // Unless a worker for it came meanwhile.
      const items = unused.get(dataset)
      if (items !== undefined) unused.set(dataset, items + added + (before === undefined ? known + updated : 0))
      parts.publish('dataset:load:finished', { dataset, added, known, updated, at: parts.now() })
      return warning === null ? report : { ...report, warning }
    } finally {
      // Completed workers are woken before the load counts as over, so that `done` cannot slip in between.
      await this.#waker.everyone()
      const left = (loading.get(dataset) ?? 1) - 1
      if (left === 0) loading.delete(dataset)
      else loading.set(dataset, left)
      // Running workers were told that an empty lane is no end; now it may be one.
      for (const worker of parts.config.workers) {
        const own = managed.get(worker.id)
        if (worker.dataset === dataset && own?.state === 'running') own.poke()
      }
      parts.changed()
    }
  }

  /** A warning and no error, because workers of the dataset may be added later. */
  #warnOfUnknown(dataset: string): string | null {
    const { parts } = this.#system
    const known = [...new Set(parts.config.workers.flatMap((worker) => worker.dataset ?? []))]
    if (known.includes(dataset)) return null
    const meant = closest(dataset, known) ?? null
    const others = known.length === 0 ? '' : `; workers have ${firstOf(known.map((name) => JSON.stringify(name)))}`
    const hint = meant === null ? others : `; did you mean ${JSON.stringify(meant)}?`
    const warning = `no worker has the dataset ${JSON.stringify(dataset)}${hint}`
    if (!this.#unknown.has(dataset)) {
      this.#unknown.add(dataset)
      parts.logs.part('system').warn(`load: ${warning}`)
      parts.publish('dataset:worker:missing', { dataset, meant, at: parts.now() })
    }
    return warning
  }
}
