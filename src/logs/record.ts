/**
 * One line of log as data, and as text. Whatever a worker hands in becomes a record that is safe to keep, to write and to send:
 * plain, bounded, without secrets, and unable to pass for a line of its own. Loaded in every thread.
 */
import { toErrorRecord } from '../errors.js'
import type { LogLevel } from '../options/log.js'
import type { Redactor } from '../redact.js'
import { jsonOf } from '../values/plain.js'

/** The levels a line can have. */
export type RecordLevel = Exclude<LogLevel, 'silent'>

/** Higher is more talkative. */
export const levelRank = { silent: 0, error: 1, warn: 2, info: 3, debug: 4 } as const satisfies Record<LogLevel, number>

/** One line of the log, secrets struck out. */
export interface LogRecord {
  /** Rises with each record of this system. */
  seq: number
  /** Milliseconds since the epoch. */
  at: number
  level: RecordLevel
  /** `worker`, or the part of drover that speaks: `system`, `store`. */
  part: string
  /** Both null unless a worker speaks. */
  annotator: string | null
  domain: string | null
  message: string
  fields: Record<string, unknown> | null
}

/** A record as it is kept: its fields are still JSON text. */
export type KeptRecord = Omit<LogRecord, 'fields'> & { fields: string | null }

/** Longer messages and fields are cut. */
const longest = 8_000

/** Makes a text safe to write: no secrets, no control characters but line feed and tab, not too long. */
export function cleanText(text: string, redact: Redactor): string {
  const clean = escapeControls(redact(text))
  return clean.length > longest ? `${clean.slice(0, longest)} [${clean.length - longest} more characters]` : clean
}

/** In a form that JSON understands too. */
function escapeControls(text: string): string {
  return text.replace(/(?![\n\t])\p{Cc}/gu, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** Fields as JSON text without secrets, or null if there are none. Never throws, whatever they hold. */
export function fieldsText(fields: Record<string, unknown> | null | undefined, redact: Redactor): string | null {
  if (!fields) return null
  try {
    const clean = escapeControls(redact(jsonOf(fields, (error) => toErrorRecord(error, redact))))
    if (clean === '{}') return null
    return clean.length > longest ? JSON.stringify({ cut: clean.slice(0, longest) }) : clean
  } catch {
    return '{"unreadable":true}'
  }
}

/** The way back from {@link fieldsText}. */
export function openFields(text: string | null): Record<string, unknown> | null {
  if (text === null) return null
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    // Striking out a secret such as `":` can break the JSON around it.
    return { text }
  }
}

/** The kept record as it is handed out. */
export function openRecord({ fields, ...rest }: KeptRecord): LogRecord {
  return { ...rest, fields: openFields(fields) }
}

/** Who speaks: `store`, or `1/urgency`. */
export function speakerOf(record: KeptRecord): string {
  return record.annotator === null ? record.part : `${record.annotator}/${record.domain}`
}

/** The record as text that ends in a line feed; further lines of a message are set in, so that none can pass for a record. */
export function recordLine(record: KeptRecord, options: { speaker: boolean }): string {
  const speaker = options.speaker ? ` ${speakerOf(record)}:` : ''
  const fields = record.fields === null ? '' : ` ${record.fields}`
  const message = record.message.replaceAll('\n', '\n    ')
  return `${new Date(record.at).toISOString()} ${record.level.toUpperCase().padEnd(5)}${speaker} ${message}${fields}\n`
}
