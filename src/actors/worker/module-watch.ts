/** Whether a worker's module is another one than when the worker was started last, and what follows from that. */
import type { Failure } from '../../failure.js'
import type { KnownModule } from '../../machines/lifecycle/contract.js'
import { isModuleFailure } from '../../machines/lifecycle/judge.js'
import type { WorkerCore } from './core.js'
import { moduleVersion } from './module-version.js'

export class ModuleWatch {
  readonly #worker: WorkerCore
  /** As it was at the last start. */
  #known: KnownModule | null

  constructor(worker: WorkerCore, known: KnownModule | null) {
    this.#worker = worker
    this.#known = known
  }

  /** The module as it was at the last start. */
  get known(): KnownModule | null {
    return this.#known
  }

  /** Takes over what an earlier host knew. */
  restore(known: KnownModule | null): void {
    this.#known = known
  }

  failed(failure: Failure): void {
    if (this.#known) this.#known = { ...this.#known, failed: isModuleFailure(failure) }
  }

  /** Where it is another one, a blacklisting for the module's failure is lifted, and dead tasks of the older one are told of. */
  async look(): Promise<void> {
    const worker = this.#worker
    const version = await moduleVersion(worker.config.module)
    const before = this.#known
    if (before?.version === version) return
    this.#known = { version, since: worker.now(), failed: false }
    if (before === null) return
    const { id, log, parts } = worker
    if (before.failed && worker.state === 'blacklisted') {
      log.info('its module has changed since it failed: the blacklisting is lifted')
      worker.tell({ type: 'RESET' })
    }
    const dead = parts.lanes.get(id)?.dead ?? 0
    if (dead === 0) return
    const tasks = dead === 1 ? '1 task is' : `${dead} tasks are`
    log.warn(`${tasks} dead under an older version of its module: drover.redrive({ worker: '${id}' }) gives them another life`)
  }

  /** The worker is given up, and nobody asked for it to be: says so, and how that is lifted. */
  tellBlacklisted(): void {
    const { id, log, memory } = this.#worker
    const byItself = this.#known?.failed ? ', and so does a change of its module at the next start' : ''
    log.warn(`blacklisted: ${memory.reason}; drover.reset('${id}') lifts it${byItself}`)
  }
}
