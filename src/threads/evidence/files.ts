/**
 * Evidence that is too large for a failure's record: a CPU profile and a heap snapshot of a stuck thread, taken before the kill,
 * and the heap snapshot that V8 takes of a thread just before it runs out of memory. Nothing here rejects: errors are reported
 * and change no verdict.
 */
import { copyFile, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { FailureKind } from '../../failure.js'
import type { CompiledEvidence } from '../../options/evidence.js'
import { TimeLimit } from '../../time/time-limit.js'
import { duration } from '../../values/duration.js'
import type { CpuProfile } from './stack-and-profile.js'

/** Files of one failure have the same stem, which begins with its time. */
const ownFile = /^(\d{4}-\d\d-\d\dT[\d-]+Z_.+)\.(?:cpuprofile|heapsnapshot)$/

/**
 * From this version of Node.js on, a thread that has written its snapshot near its heap limit does not get the room that Node.js asks of V8 for its end:
 * V8 aborts the process, with all other workers.
 */
const abortsFrom = 26
const nodeMajor = Number.parseInt(process.versions.node, 10)

/** The thread of which evidence is taken. */
interface Looked {
  profile(ms: number, options?: { stuck?: boolean }): Promise<CpuProfile>
  snapshot(file: string, withinMs: number): Promise<void>
}

export class EvidenceFiles {
  readonly #config: CompiledEvidence
  readonly #report: (what: string, error: unknown) => void
  /** The thread whose snapshot is being written. One at a time: each needs as much memory again as the heap it shows. */
  #snapshotOf: Looked | null = null

  readonly #major: number

  /** @param major of Node.js */
  constructor(config: CompiledEvidence, report: (what: string, error: unknown) => void, major = nodeMajor) {
    this.#config = config
    this.#report = report
    this.#major = major
  }

  /** Whether a worker is to leave a snapshot when it comes near its heap limit. */
  nearHeapLimit(isolation: 'thread' | 'process'): boolean {
    return this.#wanted && (isolation === 'process' || this.#major < abortsFrom)
  }

  get #wanted(): boolean {
    return this.#config.heapSnapshot.includes('out-of-memory')
  }

  /** Extra time for a thread to end: V8 does not abort a snapshot for a termination. */
  lingerMs(thread: Looked): number {
    return this.#snapshotOf === thread ? this.#config.withinMs : 0
  }

  /** Takes evidence of a thread before it is killed, for at most `withinMs`. Each file is added to `files` once it is complete. */
  async takeOf(thread: Looked, worker: string, kind: FailureKind, files: string[]): Promise<void> {
    const { withinMs } = this.#config
    const limit = new TimeLimit(withinMs, `not done within ${duration(withinMs)}`, { ref: true })
    try {
      await Promise.race([this.#take(thread, worker, kind, files), limit.over])
    } catch (error) {
      this.#report(`evidence of ${worker} is incomplete`, error)
    } finally {
      limit.clear()
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
        // A late snapshot gets this time again, while the thread lingers.
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
   * Moves the snapshot that V8 left of an ended thread into the folder. Returns its path, or its old path if it cannot be moved;
   * empty if there is none.
   *
   * @param threadId 0: the main thread of its process
   */
  async collect(pid: number, threadId: number, worker: string, kind: FailureKind | null): Promise<string[]> {
    if (!this.#wanted) return []
    if (!this.nearHeapLimit(threadId === 0 ? 'process' : 'thread')) {
      const why = `under Node.js ${this.#major}, a snapshot of a thread whose memory runs out would abort the whole process: only a worker with isolation 'process' leaves one`
      if (kind === 'out-of-memory') this.#report(`evidence of ${worker} is incomplete`, new Error(why))
      return []
    }
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

/** Writes a file completely, or removes it. */
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
