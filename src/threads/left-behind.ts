/**
 * What a worker process leaves behind: a small file without a name that it and its host have open, with its hands (`hands.ts`) and,
 * after them, its last words. A write is with the kernel when it returns. So whatever ends the process, a message that was still
 * in it is lost, and what stands here is not.
 */
import { randomUUID } from 'node:crypto'
import { closeSync, fstatSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DroverError } from '../errors.js'
import type { Abandoned } from '../store/engine.js'
import { abandonedIn } from './hands.js'
import type { ThreadReport } from './protocol.js'

const cellBytes = Float64Array.BYTES_PER_ELEMENT

export class LeftBehind {
  readonly fd: number
  readonly #cells: number
  readonly #scratch = new Float64Array(1)

  /** @param cells how many tasks at once it has room for */
  constructor(fd: number, cells: number) {
    this.fd = fd
    this.#cells = cells
  }

  /** @throws DroverError HOST_SHORT if no file can be made in the folder for temporary files */
  static create(cells: number): LeftBehind {
    const file = join(tmpdir(), `drover-${randomUUID()}`)
    try {
      const fd = openSync(file, 'wx+', 0o600)
      unlinkSync(file)
      return new LeftBehind(fd, cells)
    } catch (cause) {
      throw new DroverError('HOST_SHORT', `no file can be made for what a process leaves behind: ${(cause as Error).message}`, { cause })
    }
  }

  keepCell(cell: number, value: number): void {
    this.#scratch[0] = value
    writeSync(this.fd, this.#scratch, 0, cellBytes, cell * cellBytes)
  }

  keepLastWords(words: ThreadReport): void {
    writeSync(this.fd, JSON.stringify(words), this.#cells * cellBytes)
  }

  /** Reads what is there, and closes the file. */
  take(): { abandoned: Abandoned; lastWords: ThreadReport | null } {
    const bytes = Buffer.alloc(Math.max(fstatSync(this.fd).size, this.#cells * cellBytes))
    readSync(this.fd, bytes, 0, bytes.length, 0)
    this.close()
    const cells = new Float64Array(this.#cells)
    Buffer.from(cells.buffer).set(bytes.subarray(0, cells.byteLength))
    const words = bytes.subarray(cells.byteLength).toString()
    return { abandoned: abandonedIn(cells), lastWords: words === '' ? null : (JSON.parse(words) as ThreadReport) }
  }

  close(): void {
    closeSync(this.fd)
  }
}
