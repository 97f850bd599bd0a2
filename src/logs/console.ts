/** Log lines on the terminal: pretty on a TTY, by consola, one plain line each otherwise. */
import { createRequire } from 'node:module'
import { type KeptRecord, recordLine, speakerOf } from './record.js'
import { type Terminal, writeTerminal } from './terminal.js'

/** consola's highest level: records were filtered before. */
const everything = 5

/** Returns what writes a record on the terminal. */
export function createConsoleWriter(terminal: Terminal): (record: KeptRecord) => void {
  if (!terminal.isTTY) return (record) => writeTerminal(terminal, recordLine(record, { speaker: true }))
  // Only loaded for a terminal, because it takes a tenth of a start.
  const { createConsola } = createRequire(import.meta.url)('consola') as typeof import('consola')
  const stream = {
    write: (text: string) => {
      writeTerminal(terminal, text)
      return true
    },
    get columns() {
      return terminal.columns ?? 0
    },
  } as NodeJS.WriteStream
  const consola = createConsola({
    level: everything,
    fancy: true,
    // consola holds back repeated lines on a timer, which would keep the process alive; drover's repeated lines are intended.
    throttle: 0,
    stdout: stream,
    stderr: stream,
  })
  return (record) => {
    const message = record.fields === null ? record.message : `${record.message} ${record.fields}`
    consola[record.level]({ message: message || ' ', tag: speakerOf(record), date: new Date(record.at) })
  }
}
