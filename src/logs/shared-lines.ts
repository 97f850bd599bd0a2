/**
 * Lets the terminal tell once what many workers say in the same words: a module that cannot be loaded, an endpoint that is down.
 * The first line is written at once, and how many others said the same when it has been quiet for a moment. Log files, the ring
 * and followers get every line.
 */
import { type Every, every as everyByTimer } from '../time/every.js'
import { firstLine, firstOf } from '../values/first-of.js'
import { type KeptRecord, speakerOf } from './record.js'

/** After so long without another worker that says it, a line is written anew. */
const quietMs = 1_000
/** The most workers named in one line. */
const mostNamed = 5
/** The most lines remembered. */
const mostLines = 100

interface Line {
  first: KeptRecord
  /** When it was said last. */
  at: number
  /** Workers that said it and were not told yet. */
  untold: Set<string>
  /** Another worker said it since the last look. */
  isFresh: boolean
}

export class SharedLines {
  readonly #show: (record: KeptRecord) => void
  readonly #every: Every
  readonly #lines = new Map<string, Line>()
  #stop: (() => void) | null = null

  constructor(show: (record: KeptRecord) => void, every: Every = everyByTimer) {
    this.#show = show
    this.#every = every
  }

  take(record: KeptRecord): void {
    if (record.annotator === null || (record.level !== 'warn' && record.level !== 'error')) {
      this.#show(record)
      return
    }
    const key = `${record.level} ${record.message} ${record.fields}`
    const line = this.#lines.get(key)
    if (line && speakerOf(line.first) !== speakerOf(record)) {
      line.untold.add(speakerOf(record))
      line.at = record.at
      line.isFresh = true
      return
    }
    this.#show(record)
    if (line || this.#lines.size >= mostLines) return
    this.#lines.set(key, { first: record, at: record.at, untold: new Set(), isFresh: true })
    this.#stop ??= this.#every(quietMs, () => this.#look())
  }

  /** Tells what is untold, and remembers nothing more. */
  flush(): void {
    this.#stop?.()
    this.#stop = null
    for (const line of this.#lines.values()) this.#tell(line)
    this.#lines.clear()
  }

  #look(): void {
    for (const [key, line] of this.#lines) {
      if (line.isFresh) line.isFresh = false
      else {
        this.#tell(line)
        this.#lines.delete(key)
      }
    }
    if (this.#lines.size > 0) return
    this.#stop?.()
    this.#stop = null
  }

  #tell({ first, at, untold }: Line): void {
    if (untold.size === 0) return
    const whose = firstOf([...untold], mostNamed)
    const workers = untold.size === 1 ? '1 other worker' : `${untold.size} other workers`
    this.#show({ ...first, at, message: `${workers} said the same (${whose}): ${firstLine(first.message)}`, fields: null })
  }
}
