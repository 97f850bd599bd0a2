/**
 * The crash file of a worker process: a small unnamed file that the process and its host have open. It holds the tasks in hand
 * (`tasks-in-hand.ts`) and, after them, the process's last words. A finished write is in the kernel, so it survives any end of
 * the process; a message that was not yet sent does not.
 */
import { randomUUID } from 'node:crypto'
import { closeSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { DroverError } from '../../errors.js'
import type { Abandoned } from '../../store/contract/tasks.js'
import { messageOf, read } from '../../values/plain.js'
import type { ThreadReport } from '../protocol/messages.js'
import { abandonedIn } from '../protocol/tasks-in-hand.js'

const cellBytes = Float64Array.BYTES_PER_ELEMENT
/** Bytes reserved for the last words. */
const wordsBytes = 32_768
/** The most bytes read of them: an error's record is bounded. */
const longestWords = 524_288

/** @returns where a crash file may be, best first: a root that is read-only (a container's) may have only the later ones */
export function crashFolders(store: string): string[] {
  const shared = process.platform === 'linux' ? ['/dev/shm'] : []
  return [...new Set([tmpdir(), ...shared, ...(store === ':memory:' ? [] : [dirname(store)])])]
}

/** @throws DroverError HOST_SHORT if a worker process could not have its crash file */
export function checkCrashFolders(folders: readonly string[]): void {
  CrashFile.create(1, folders).close()
}

/** @returns its descriptor */
function unnamedFile(folder: string, bytes: number): number {
  const file = join(folder, `drover-${randomUUID()}`)
  const fd = openSync(file, 'wx+', 0o600)
  try {
    unlinkSync(file)
    const room = Buffer.alloc(bytes)
    if (writeSync(fd, room, 0, room.length, 0) < room.length) throw new Error('no room')
    return fd
  } catch (error) {
    closeSync(fd)
    throw error
  }
}

export class CrashFile {
  readonly fd: number
  readonly #cells: number
  readonly #scratch = new Float64Array(1)

  /** @param cells the number of tasks that fit at once */
  constructor(fd: number, cells: number) {
    this.fd = fd
    this.#cells = cells
  }

  /**
   * Makes one in the first folder that takes it; all of its room is reserved now.
   *
   * @param folders as of {@link crashFolders}
   * @throws DroverError HOST_SHORT if none does
   */
  static create(cells: number, folders: readonly string[]): CrashFile {
    const refusals: unknown[] = []
    for (const folder of folders) {
      try {
        return new CrashFile(unnamedFile(folder, cells * cellBytes + wordsBytes), cells)
      } catch (error) {
        refusals.push(error)
      }
    }
    const reasons = refusals.map((error, index) => `${folders[index]} (${read(error, 'code') ?? messageOf(error)})`).join(', ')
    const message = `isolation: 'process' needs a folder for its crash file, a small unnamed one, and cannot use any of these: ${reasons}`
    throw new DroverError('HOST_SHORT', `${message}; let TMPDIR name a folder that can be written`, { cause: refusals[0] })
  }

  keepCell(cell: number, value: number): void {
    this.#scratch[0] = value
    writeSync(this.fd, this.#scratch, 0, cellBytes, cell * cellBytes)
  }

  keepLastWords(words: ThreadReport): void {
    try {
      writeSync(this.fd, `${JSON.stringify(words)}\n`, this.#cells * cellBytes)
    } catch {
      // The file is closed or the disk is full: the words written so far must do.
    }
  }

  /**
   * Reads and closes the file. Never throws: the worker's code may have written to it too.
   *
   * @returns `lastWords`: the text as written, perhaps incomplete; empty if there is none
   */
  take(): { abandoned: Abandoned; lastWords: string } {
    const cells = new Float64Array(this.#cells)
    const bytes = Buffer.alloc(cells.byteLength + longestWords)
    try {
      bytes.fill(0, readSync(this.fd, bytes, 0, bytes.length, 0))
      this.close()
    } catch {
      // Closed by other code, or unreadable: then nothing is known.
    }
    Buffer.from(cells.buffer).set(bytes.subarray(0, cells.byteLength))
    const words = bytes.subarray(cells.byteLength)
    const end = words.indexOf(0)
    return { abandoned: abandonedIn(cells), lastWords: words.toString('utf8', 0, end === -1 ? words.length : end) }
  }

  close(): void {
    closeSync(this.fd)
  }
}
