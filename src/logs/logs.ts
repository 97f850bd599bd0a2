/**
 * Sends every log line to the terminal, to a file for each worker and part of drover, and to a ring of the latest records.
 * Nothing here throws or waits: a line that cannot be written is lost.
 */

import { type LogLevel, levelRank, type RecordLevel } from '../log-levels.js'
import type { CompiledConfig } from '../options/compiled.js'
import type { Redactor } from '../redact.js'
import type { Every } from '../time/every.js'
import { createConsoleWriter } from './console.js'
import { fileStem, markedStem } from './files/file-names.js'
import { LogFolder } from './files/log-folder.js'
import { LogFollowers } from './followers.js'
import type { WorkerLog } from './log.js'
import { cleanText, fieldsText, type KeptRecord, type LogRecord, openRecord, recordLine, spoken } from './record.js'
import { LogRing, type RecentLogs } from './ring.js'
import { SharedLines } from './shared-lines.js'
import type { Terminal } from './terminal.js'

export type { LogRecord } from './record.js'
export { checkLogQuery, type RecentLogs } from './ring.js'

/** The log of a worker or of a part of drover. */
export type Log = WorkerLog

export interface Logs {
  /** A part of drover: `system`, `store`. */
  part(name: string): Log
  /** @param instance such as `#2`, if several threads share the lane: its lines begin with it, in the file of the lane */
  worker(annotator: string, domain: string, instance?: string): Log
  /** The latest records that match, oldest first; at most 2,000 are remembered. */
  recent(query: RecentLogs): LogRecord[]
  /** Calls a listener with each new record; its errors have no effect. @returns a function that removes it */
  follow(listener: (record: LogRecord) => void): () => void
  /** The least severe level of new records. */
  level: LogLevel
  /** Writes all waiting lines and closes every file; later lines still reach the terminal. Memoised. */
  close(): Promise<void>
}

export interface LogsOptions {
  /** Applied to every text before it goes anywhere. @defaultValue none */
  redact?: Redactor
  /** @defaultValue Date.now */
  now?: () => number
  /** @defaultValue process.stderr */
  terminal?: Terminal
  every?: Every
}

/** Records in the ring. */
const remembered = 2_000

/**
 * Makes the logs of one system.
 *
 * @example
 * const logs = createLogs(config.log, { redact: createRedactor(config.secrets, config.workers.map((worker) => worker.input)) })
 * logs.worker('1', 'urgency').warn('slow answer', { ms: 5_300 })
 */
export function createLogs(config: CompiledConfig['log'], options: LogsOptions = {}): Logs {
  const { redact = (text) => text, now = Date.now, terminal = process.stderr } = options
  const ring = new LogRing(remembered)
  let level = config.level
  let lastSeq = 0
  const toConsole = config.console ? new SharedLines(guarded(createConsoleWriter(terminal)), options.every) : null
  const files =
    config.dir === false
      ? null
      : new LogFolder({ ...config, dir: config.dir, now, ...(options.every && { every: options.every }), onFailing: tellFailing })
  const followers = new LogFollowers((error) => voiceOf(['system'], system).error('a listener of the log threw', { error }))
  const system: Speaker = { part: 'system', annotator: null, domain: null, stem: 'system' }
  const voices = new Map<string, Log>()
  const owners = new Map<string, string>()

  function tellFailing(error: Error): void {
    const record = keep(system, 'warn', `log files cannot be written, logging goes on without them: ${error.message}`, { dir: config.dir })
    if (record) toConsole?.take(record)
  }

  function keep(speaker: Speaker, rank: RecordLevel, message: string, fields?: Record<string, unknown>): KeptRecord | null {
    if (levelRank[rank] > levelRank[level]) return null
    const { part, annotator, domain } = speaker
    const said = spoken(message, fields)
    const text = cleanText(said.text, redact)
    const record = {
      seq: ++lastSeq,
      at: now(),
      level: rank,
      part,
      annotator,
      domain,
      message: text,
      fields: fieldsText(said.fields, redact),
    }
    ring.add(record)
    if (followers.any) followers.tell(openRecord(record))
    return record
  }

  function voice(speaker: Speaker): Log {
    const say = (level: RecordLevel) => (message: string, fields?: Record<string, unknown>) => {
      const record = keep(speaker, level, message, fields)
      if (!record) return
      toConsole?.take(record)
      files?.write(speaker.stem, recordLine(record, { speaker: false }))
    }
    return { error: say('error'), warn: say('warn'), info: say('info'), debug: say('debug') }
  }

  /** One log for each name. Equal stems of different names get a hash; letter case does not count, as on some disks. */
  function voiceOf(names: string[], speaker: Omit<Speaker, 'stem'>): Log {
    const id = names.join('\0')
    const known = voices.get(id)
    if (known) return known
    const stem = fileStem(names)
    const owner = owners.get(stem.toLowerCase())
    if (owner === undefined) owners.set(stem.toLowerCase(), id)
    const log = voice({ ...speaker, stem: owner === undefined ? stem : markedStem(stem, names) })
    voices.set(id, log)
    return log
  }

  return {
    part: (name) => voiceOf([name], { part: name, annotator: null, domain: null }),
    worker: (annotator, domain, instance) => {
      const log = voiceOf(['worker', annotator, domain], { part: 'worker', annotator, domain })
      return instance === undefined ? log : beginning(`${instance} `, log)
    },
    recent: (query) => ring.recent(query),
    follow: (listener) => followers.add(listener),
    get level() {
      return level
    },
    set level(to) {
      level = to
    },
    close() {
      toConsole?.flush()
      return files?.close() ?? Promise.resolve()
    },
  }
}

/** Lines that begin with a text. */
function beginning(start: string, log: Log): Log {
  const say = (level: RecordLevel) => (message: string, fields?: Record<string, unknown>) => log[level](`${start}${message}`, fields)
  return { error: say('error'), warn: say('warn'), info: say('info'), debug: say('debug') }
}

/** A lost terminal must not stop the system. */
function guarded(write: (record: KeptRecord) => void): (record: KeptRecord) => void {
  return (record) => {
    try {
      write(record)
    } catch {}
  }
}

interface Speaker {
  part: string
  annotator: string | null
  domain: string | null
  /** Of its file. */
  stem: string
}
