/**
 * The crash file of a worker process: a small unnamed file that the process and its host have open. It holds the tasks in hand
 * (`tasks-in-hand.ts`) and, after them, the process's last words. A finished write is in the kernel, so it survives any end of
 * the process; a message that was not yet sent does not.
 */
import { randomUUID } from 'node:crypto'
import { closeSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DroverError } from '../../errors.js'
import type { Abandoned } from '../../store/contract/tasks.js'
import type { ThreadReport } from '../protocol/messages.js'
import { abandonedIn } from '../protocol/tasks-in-hand.js'

const cellBytes = Float64Array.BYTES_PER_ELEMENT
/** Bytes reserved for the last words. */
const wordsBytes = 32_768
/** The most bytes read of them: an error's record is bounded. */
const longestWords = 524_288

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
   * @throws DroverError HOST_SHORT if the file cannot be made in the folder for temporary files, or has no room there. All of its
   * room is reserved now
   */
  static create(cells: number): CrashFile {
    const file = join(tmpdir(), `drover-${randomUUID()}`)
    let fd: number | null = null
    try {
      fd = openSync(file, 'wx+', 0o600)
      unlinkSync(file)
      const room = Buffer.alloc(cells * cellBytes + wordsBytes)
      if (writeSync(fd, room, 0, room.length, 0) < room.length) throw new Error(`no room in ${tmpdir()}`)
      return new CrashFile(fd, cells)
    } catch (cause) {
      if (fd !== null) closeSync(fd)
      throw new DroverError('HOST_SHORT', `cannot make the crash file of a worker process: ${(cause as Error).message}`, { cause })
    }
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
