/**
 * The log folder. A thousand workers must not hold a thousand files, and a folder that cannot be written must not stop the
 * system: what goes wrong is told once, and tried again after a while.
 */
import { readdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { type Every, every as realEvery } from '../../time/every.js'
import { byStem, dayOf, filesOf } from './file-names.js'
import { LogFile } from './log-file.js'

export interface LogFilesOptions {
  dir: string
  maxBytes: number
  keep: number
  now: () => number
  every?: Every
  /** A file could not be written; no file is tried again before the returned pause is over. Told once per row of failures. */
  onFailing: (error: Error) => void
}

/** A file without a line for so long is closed. */
const idleMs = 10_000
/** More files are not open at once; the one unused for longest is closed. */
const maxOpen = 32
/** After a failure the folder is left alone for so long. */
const retryMs = 60_000

export class LogFiles {
  readonly #options: LogFilesOptions
  readonly #files = new Map<string, LogFile>()
  /** In order of their last line, oldest first. */
  readonly #open = new Set<LogFile>()
  readonly #pruning = new Set<Promise<void>>()
  /** The folder's files by stem, as found on a day and as they have grown since: thousands of files must not list it thousands of times. */
  #listing: { day: string; files: Promise<Map<string, Set<string>>> } | null = null
  #stopSweeping: (() => void) | null = null
  #failing = false
  #retryAt = Number.NEGATIVE_INFINITY
  #closed: Promise<void> | null = null

  constructor(options: LogFilesOptions) {
    this.#options = options
  }

  /** How many files are open. */
  get openCount(): number {
    return [...this.#open].filter((file) => file.isOpen).length
  }

  /** Adds a line to a file of today. */
  write(stem: string, line: string): void {
    const now = this.#options.now()
    if (this.#closed || now < this.#retryAt) return
    const file = this.#file(stem)
    file.write(line, now)
    this.#open.delete(file)
    this.#open.add(file)
    for (const oldest of this.#open) {
      if (this.#open.size <= maxOpen) break
      this.#release(oldest)
    }
    this.#stopSweeping ??= (this.#options.every ?? realEvery)(idleMs / 2, () => this.#sweep())
  }

  /** Writes all that is waiting and closes every file. */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    this.#stopSweeping?.()
    await Promise.all([...this.#files.values()].map((file) => file.close()))
    await Promise.all(this.#pruning)
  }

  #file(stem: string): LogFile {
    const known = this.#files.get(stem)
    if (known) return known
    const { dir, maxBytes, keep } = this.#options
    const file = new LogFile(stem, {
      dir,
      maxBytes,
      keep,
      onGrown: (name) => this.#prune(stem, name),
      onOpen: () => {
        this.#failing = false
      },
      onError: (error) => this.#fail(error),
    })
    this.#files.set(stem, file)
    return file
  }

  #release(file: LogFile): void {
    this.#open.delete(file)
    void file.release()
  }

  #sweep(): void {
    const idleSince = this.#options.now() - idleMs
    for (const file of this.#open) if (file.usedAt <= idleSince) this.#release(file)
    if (this.#open.size > 0) return
    this.#stopSweeping?.()
    this.#stopSweeping = null
  }

  #fail(error: Error): void {
    this.#retryAt = this.#options.now() + retryMs
    if (this.#failing) return
    this.#failing = true
    this.#options.onFailing(error)
  }

  /** Deletes the oldest files of a stem, so that beside the current one `keep` are left, those of earlier days among them. */
  #prune(stem: string, name: string): void {
    const { dir, keep } = this.#options
    const pruning = this.#list()
      .then((listing) => {
        const own = listing.get(stem) ?? new Set()
        listing.set(stem, own.add(name))
        return Promise.all(
          filesOf(stem, [...own])
            .slice(keep + 1)
            .map((file) => {
              own.delete(file)
              return unlink(join(dir, file))
            }),
        )
      })
      .then(
        () => {},
        () => {},
      )
      .finally(() => this.#pruning.delete(pruning))
    this.#pruning.add(pruning)
  }

  /** Once a day, so that what others have left there is found too. */
  #list(): Promise<Map<string, Set<string>>> {
    const { dir, now } = this.#options
    const day = dayOf(now())
    if (this.#listing?.day === day) return this.#listing.files
    const files = readdir(dir).then(byStem)
    this.#listing = { day, files }
    files.catch(() => {
      if (this.#listing?.files === files) this.#listing = null
    })
    return files
  }
}
