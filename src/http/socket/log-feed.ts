/** Sends new log records in batches. */
import type { Drover } from '../../drover/drover.js'
import type { LogRecord } from '../contract/log.js'

const everyMs = 50
/** The most records in a batch, the latest; a gap in `seq` shows that others were left out. */
const mostAtOnce = 200

export class LogFeed {
  readonly #drover: Drover
  readonly #tell: (records: LogRecord[]) => void
  #records: LogRecord[] = []
  #timer: NodeJS.Timeout | null = null
  #stop: (() => void) | null = null

  constructor(drover: Drover, tell: (records: LogRecord[]) => void) {
    this.#drover = drover
    this.#tell = tell
  }

  watch(wanted: boolean): void {
    if (wanted === (this.#stop !== null)) return
    this.#stop?.()
    this.#stop = wanted ? this.#drover.onLog((record) => this.#add(record)) : null
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
    this.#records = []
  }

  #add(record: LogRecord): void {
    this.#records.push(record)
    if (this.#records.length > mostAtOnce) this.#records.shift()
    this.#timer ??= setTimeout(() => {
      const records = this.#records
      this.#timer = null
      this.#records = []
      this.#tell(records)
    }, everyMs).unref()
  }
}
