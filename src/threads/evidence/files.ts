/**
 * Evidence that is too large for a failure's record: a CPU profile and a heap snapshot of a stuck thread, taken before it is
 * killed, and the heap snapshot that V8 makes of a thread just before its memory runs out. Nothing here rejects: what goes wrong is
 * reported, and changes no verdict.
 */
import { copyFile, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { DroverError } from '../../errors.js'
import type { FailureKind } from '../../failure.js'
import type { CompiledEvidence } from '../../options/evidence.js'
import type { CpuProfile } from './stack-and-profile.js'

/** What belongs to one failure has one stem, which begins with its time. */
const ownFile = /^(\d{4}-\d\d-\d\dT[\d-]+Z_.+)\.(?:cpuprofile|heapsnapshot)$/

/** What evidence is taken of. */
interface Looked {
  profile(ms: number, options?: { stuck?: boolean }): Promise<CpuProfile>
  snapshot(file: string, withinMs: number): Promise<void>
}

export class EvidenceFiles {
  readonly #config: CompiledEvidence
  readonly #report: (what: string, error: unknown) => void
  /** The thread whose snapshot is being written. One at a time: each needs as much memory again as the heap it shows. */
  #snapshotOf: Looked | null = null

  constructor(config: CompiledEvidence, report: (what: string, error: unknown) => void) {
    this.#config = config
    this.#report = report
  }

  /** Whether threads are to leave a snapshot when they come near their heap limit. */
  get nearHeapLimit(): boolean {
    return this.#config.heapSnapshot.includes('out-of-memory')
  }

  /** How much longer a thread may take to end than it otherwise may: V8 does not break off a snapshot for a termination. */
  lingerMs(thread: Looked): number {
    return this.#snapshotOf === thread ? this.#config.withinMs : 0
  }

  /** Of a thread that is about to be killed, as far as it can be had within `withinMs`. Each file is added to `files` once it is complete. */
  async takeOf(thread: Looked, worker: string, kind: FailureKind, files: string[]): Promise<void> {
    const { withinMs } = this.#config
    const over = new AbortController()
    const late = sleep(withinMs, null, { signal: over.signal }).then(() => {
      throw new DroverError('TIMEOUT', `not done within ${withinMs} ms`)
    })
    try {
      await Promise.race([this.#take(thread, worker, kind, files), late])
    } catch (error) {
      this.#report(`evidence of ${worker} is incomplete`, error)
    } finally {
      over.abort()
      late.catch(() => {})
    }
  }

  async #take(thread: Looked, worker: string, kind: FailureKind, files: string[]): Promise<void> {
    const { dir, cpuProfileMs, heapSnapshot, withinMs } = this.#config
    const stem = join(dir, stemOf(worker, kind))
    await mkdir(dir, { recursive: true, mode: 0o700 })
    try {
      if (cpuProfileMs > 0) {
        const profile = await thread.profile(cpuProfileMs, { stuck: true })
        files.push(await whole(`${stem}.cpuprofile`, (file) => writeFile(file, JSON.stringify(profile), { mode: 0o600 })))
      }
      if ((heapSnapshot as readonly FailureKind[]).includes(kind)) {
        if (this.#snapshotOf !== null) throw new Error('the heap snapshot of another thread is being written')
        this.#snapshotOf = thread
        // One that is late is waited for as long again, while the thread lingers.
        const write = (file: string): Promise<void> => thread.snapshot(file, 2 * withinMs)
        files.push(await whole(`${stem}.heapsnapshot`, write).finally(() => this.#release(thread)))
      }
    } finally {
      await this.#prune()
    }
  }

  #release(thread: Looked): void {
    if (this.#snapshotOf === thread) this.#snapshotOf = null
  }

  /**
   * What V8 left of a thread that ended, moved into the folder; where it lies if it cannot be moved. Empty if it left nothing.
   *
   * @param threadId 0: the main thread of its process
   */
  async collect(pid: number, threadId: number, worker: string, kind: FailureKind | null): Promise<string[]> {
    if (!this.nearHeapLimit) return []
    const from = diagnosticDir()
    const own = new RegExp(`^Heap\\.\\d+\\.\\d+\\.${pid}\\.${threadId}\\.\\d+\\.heapsnapshot$`)
    let left: string | undefined
    try {
      const names = (await readdir(from)).filter((name) => own.test(name)).sort()
      left = names.map((name) => join(from, name)).at(-1)
      if (left === undefined) {
        if (kind === 'out-of-memory') throw new Error(`V8 left no heap snapshot in ${from}`)
        return []
      }
      const { dir } = this.#config
      await mkdir(dir, { recursive: true, mode: 0o700 })
      const file = join(dir, `${stemOf(worker, 'out-of-memory')}.heapsnapshot`)
      await move(left, file)
      await this.#prune()
      return [file]
    } catch (error) {
      this.#report(`evidence of ${worker} is not in its folder`, error)
      return left === undefined ? [] : [left]
    }
  }

  /** Removes the files of all but the latest failures. */
  async #prune(): Promise<void> {
    const { dir, keep } = this.#config
    const names = await readdir(dir)
    const stems = new Set(names.flatMap((name) => ownFile.exec(name)?.[1] ?? []))
    const old = new Set([...stems].sort().slice(0, -keep))
    const gone = names.filter((name) => old.has(ownFile.exec(name)?.[1] ?? ''))
    await Promise.all(gone.map((name) => rm(join(dir, name), { force: true })))
  }
}

function stemOf(worker: string, kind: FailureKind): string {
  return `${new Date().toISOString().replace(/[:.]/g, '-')}_${worker.replaceAll('/', '.')}_${kind}`
}

/** A file that was written whole, or is not there. */
async function whole(file: string, write: (file: string) => Promise<void>): Promise<string> {
  try {
    await write(file)
    return file
  } catch (error) {
    await rm(file, { force: true }).catch(() => {})
    throw error
  }
}

async function move(from: string, to: string): Promise<void> {
  try {
    await rename(from, to)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error
    await whole(to, (file) => copyFile(from, file))
    await rm(from)
  }
}

/** Where Node.js leaves snapshots made near the heap limit. */
function diagnosticDir(): string {
  const flags = [...process.execArgv, process.env.NODE_OPTIONS ?? ''].join(' ')
  return /--diagnostic-dir[= ](\S+)/.exec(flags)?.[1] ?? process.cwd()
}
