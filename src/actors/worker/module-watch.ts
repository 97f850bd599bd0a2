/** Detects that a worker's module has changed since the worker's last start, and acts on it. */
import type { Failure } from '../../failure.js'
import type { KnownModule } from '../../machines/lifecycle/contract.js'
import { isModuleFailure } from '../../machines/lifecycle/decide-restart.js'
import { shareOfTurn } from '../../time/turns.js'
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

  /** Restores the version known to an earlier host. */
  restore(known: KnownModule | null): void {
    this.#known = known
  }

  failed(failure: Failure): void {
    if (this.#known) this.#known = { ...this.#known, failed: isModuleFailure(failure) }
  }

  /** If the module has changed, lifts a blacklisting for its failure, and logs dead tasks of the older version. */
  async look(): Promise<void> {
    const worker = this.#worker
    const version = await moduleVersion(worker.config.module)
    // Thousands of workers may have the same module, and all find out at once that it has changed.
    if (this.#known !== null && this.#known.version !== version) await shareOfTurn()
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
    log.warn(`${tasks} dead under an older version of its module: drover.redrive({ worker: '${id}' }) tries them again`)
  }

  /** Logs a blacklisting that was not made by hand, and how to lift it. */
  tellBlacklisted(): void {
    const { id, log, memory } = this.#worker
    const byItself = this.#known?.failed ? ', and so does a change of its module at the next start' : ''
    log.warn(`blacklisted: ${memory.reason}; drover.reset('${id}') lifts it${byItself}`)
  }
}
