/**
 * The log folder. A thousand workers must not hold a thousand open files, and a folder that cannot be written must not stop the
 * system: an error is reported once, and writing is tried again after a while.
 */
import { readdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { type Every, every as realEvery } from '../../time/every.js'
import { byStem, dayOf, filesOf } from './file-names.js'
import { LogFile } from './log-file.js'

export interface LogFolderOptions {
  dir: string
  maxBytes: number
  keep: number
  now: () => number
  every?: Every
  /** A file could not be written. No file is tried again before a pause is over. Called once for each row of failures. */
  onFailing: (error: Error) => void
}

/** A file without a line for this time is closed. */
const idleMs = 10_000
/** The most open files; beyond that the least recently used one is closed. */
const maxOpen = 32
/** Pause after a failure. */
const retryMs = 60_000

export class LogFolder {
  readonly #options: LogFolderOptions
  readonly #files = new Map<string, LogFile>()
  /** In order of their last line, oldest first. */
  readonly #open = new Set<LogFile>()
  readonly #pruning = new Set<Promise<void>>()
  /** The folder's files by stem, listed once a day and updated since: thousands of files must not cause thousands of listings. */
  #listing: { day: string; files: Promise<Map<string, Set<string>>> } | null = null
  #stopSweeping: (() => void) | null = null
  #failing = false
  #retryAt = Number.NEGATIVE_INFINITY
  #closed: Promise<void> | null = null

  constructor(options: LogFolderOptions) {
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

  /** Writes all waiting lines and closes every file. */
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

  /** Deletes the oldest files of a stem, so that `keep` remain beside the current one, including those of earlier days. */
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

  /** Lists the folder once a day, so that files of other processes are found too. */
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
