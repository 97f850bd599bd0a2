/**
 * One log file: opened at the first line, closed after a while without lines, rotated when full, and followed by a new one at
 * midnight (UTC). Lines always keep their order.
 */
import { mkdirSync } from 'node:fs'
import { basename } from 'node:path'
import { createStream, type RotatingFileStream } from 'rotating-file-stream'
import { TurnShares } from '../../time/turns.js'
import { dayOf, fileName } from './file-names.js'

export interface LogFileOptions {
  dir: string
  maxBytes: number
  keep: number
  /** A file of a new day or a rotated file was created: older files may have to be deleted. */
  onGrown: (name: string) => void
  onOpen: () => void
  onError: (error: Error) => void
}

/** The most bytes of lines that wait for a slow disk; further lines are counted and dropped. */
const maxWaitingBytes = 4_000_000
/** Opening takes half a millisecond, and thousands of workers may have a line at once: a few files are opened in each turn of the event loop. */
const openings = new TurnShares(4)

export class LogFile {
  readonly stem: string
  /** When the last line came. */
  usedAt = 0
  readonly #options: LogFileOptions
  #stream: RotatingFileStream | null = null
  #day = ''
  /** Lines that wait for the turn to open it, or until the earlier stream is closed: two streams on one file would mix them up. */
  #waiting: { at: number; line: string }[] = []
  #waitingBytes = 0
  #closing: Promise<void> | null = null
  #opening: Promise<void> | null = null
  #dropped = 0

  constructor(stem: string, options: LogFileOptions) {
    this.stem = stem
    this.#options = options
  }

  get isOpen(): boolean {
    return this.#stream !== null
  }

  write(line: string, at: number): void {
    this.usedAt = at
    if (this.#stream && this.#day !== dayOf(at)) void this.release()
    if (!this.#stream && !this.#closing) this.#opening ??= this.#openAtItsTurn(at)
    const stream = this.#closing || this.#opening ? null : this.#stream
    if (stream) this.#send(stream, line, at)
    else this.#wait(line, at)
  }

  /** Closes the file for now; settles when all is written. The next line opens it again. */
  release(): Promise<void> {
    if (this.#opening) return this.#opening.then(() => this.release())
    const stream = this.#stream
    if (!stream) return this.#closing ?? Promise.resolve()
    this.#stream = null
    this.#closing = new Promise<void>((resolve) => stream.once('close', resolve).end()).then(() => {
      this.#closing = null
      this.#sendWaiting()
    })
    return this.#closing
  }

  /** Closes it for good. */
  async close(): Promise<void> {
    while (this.#stream || this.#closing || this.#opening) await this.release()
  }

  /** @returns null: it is open */
  #openAtItsTurn(at: number): Promise<void> | null {
    const turn = openings.take()
    if (!turn) {
      this.#open(at)
      return null
    }
    return turn.then(() => {
      this.#opening = null
      this.#open(this.#waiting[0]?.at ?? at)
      this.#sendWaiting()
    })
  }

  #sendWaiting(): void {
    const waiting = this.#waiting
    this.#waiting = []
    this.#waitingBytes = 0
    for (const { line, at } of waiting) this.write(line, at)
  }

  #wait(line: string, at: number): void {
    if (this.#waitingBytes > maxWaitingBytes) {
      this.#dropped++
      return
    }
    this.#waiting.push({ line, at })
    this.#waitingBytes += line.length
  }

  #send(stream: RotatingFileStream, line: string, at: number): void {
    if (stream.writableLength > maxWaitingBytes) {
      this.#dropped++
      return
    }
    if (this.#dropped > 0)
      stream.write(`${new Date(at).toISOString()} WARN  ${this.#dropped} lines are missing here: the disk was too slow\n`)
    this.#dropped = 0
    stream.write(line)
  }

  #open(at: number): void {
    const day = dayOf(at)
    const { dir, maxBytes, keep, onGrown, onOpen, onError } = this.#options
    try {
      mkdirSync(dir, { recursive: true, mode: 0o700 })
    } catch {
      // The stream emits the error.
    }
    const stream = createStream(fileName(this.stem, day), { path: dir, mode: 0o600, size: `${maxBytes}B`, rotate: Math.max(1, keep) })
    const current = fileName(this.stem, day)
    const grown = new Set<string>(day !== this.#day ? [current] : [])
    stream.on('rotated', (name) => {
      grown.add(basename(name))
    })
    // Also after a rotation: then the new file exists and counts.
    stream.on('open', () => {
      onOpen()
      for (const name of grown) onGrown(name)
      grown.clear()
    })
    stream.on('error', (error) => {
      if (this.#stream === stream) this.#stream = null
      onError(error)
    })
    this.#stream = stream
    this.#day = day
  }
}
