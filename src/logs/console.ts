/** Log lines on the terminal, through consola: pretty on a TTY, one plain line each otherwise. */
import { type ConsolaReporter, createConsola } from 'consola'
import { type KeptRecord, recordLine, speakerOf } from './record.js'
import { type Terminal, writeTerminal } from './terminal.js'

/** consola's highest level: records were filtered before. */
const everything = 5

/** Returns what writes a record on the terminal. */
export function createConsoleWriter(terminal: Terminal): (record: KeptRecord) => void {
  const stream = {
    write: (text: string) => {
      writeTerminal(terminal, text)
      return true
    },
    get columns() {
      return terminal.columns ?? 0
    },
  } as NodeJS.WriteStream
  const plain: ConsolaReporter = {
    log: (entry) => writeTerminal(terminal, recordLine(entry.record as KeptRecord, { speaker: true })),
  }
  const consola = createConsola({
    level: everything,
    fancy: true,
    // consola holds back repeated lines on a timer, which would keep the process alive; drover's repeated lines are intended.
    throttle: 0,
    stdout: stream,
    stderr: stream,
    ...(terminal.isTTY ? {} : { reporters: [plain] }),
  })
  return (record) => {
    const message = record.fields === null ? record.message : `${record.message} ${record.fields}`
    consola[record.level]({ message: message || ' ', tag: speakerOf(record), date: new Date(record.at), record })
  }
}
