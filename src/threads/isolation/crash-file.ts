/**
 * What a worker process leaves behind: a small file without a name that it and its host have open, with its tasks in hand (`tasks-in-hand.ts`) and,
 * after them, its last words. A write is with the kernel when it returns. So whatever ends the process, a message that was still
 * in it is lost, and what stands here is not.
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
/** So much room is set aside for the last words. */
const wordsBytes = 32_768
/** No more is read of them: an error's record is bounded. */
const longestWords = 524_288

export class CrashFile {
  readonly fd: number
  readonly #cells: number
  readonly #scratch = new Float64Array(1)

  /** @param cells how many tasks at once it has room for */
  constructor(fd: number, cells: number) {
    this.fd = fd
    this.#cells = cells
  }

  /** @throws DroverError HOST_SHORT if no file can be made in the folder for temporary files, or there is no room for it: what is written later has its place */
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
      throw new DroverError('HOST_SHORT', `no file can be made for what a process leaves behind: ${(cause as Error).message}`, { cause })
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
      // The file is closed, or the disk full: what is there by now has to do.
    }
  }

  /**
   * Reads what is there, and closes the file. Never throws: the worker's code may have written there too.
   *
   * @returns `lastWords`: as they stand there, maybe not whole; empty if there are none
   */
  take(): { abandoned: Abandoned; lastWords: string } {
    const cells = new Float64Array(this.#cells)
    const bytes = Buffer.alloc(cells.byteLength + longestWords)
    try {
      bytes.fill(0, readSync(this.fd, bytes, 0, bytes.length, 0))
      this.close()
    } catch {
      // Closed by somebody else, or not to be read: nothing is known then.
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
