import { type LogLevel, levelRank, type RecordLevel } from '../../log-levels.js'
import type { WorkerLog } from '../../logs/log.js'
import { fieldsText, openFields, spoken } from '../../logs/record.js'
import type { Redactor } from '../../redact.js'
import type { ThreadReport } from '../protocol/messages.js'

interface ThreadLog {
  log: WorkerLog
  setLevel: (level: LogLevel) => void
}

/** The log of a worker: its lines go to the host, without secrets; those above the level are dropped here. */
export function threadLog(level: LogLevel, redact: Redactor, report: (report: ThreadReport) => void): ThreadLog {
  let most = levelRank[level]
  const line =
    (level: RecordLevel) =>
    (message: string, fields?: Record<string, unknown>): void => {
      if (levelRank[level] > most) return
      const said = spoken(message, fields)
      report({ type: 'log', level, message: redact(said.text), fields: openFields(fieldsText(said.fields, redact)) })
    }
  return {
    log: { error: line('error'), warn: line('warn'), info: line('info'), debug: line('debug') },
    setLevel: (level) => {
      most = levelRank[level]
    },
  }
}
