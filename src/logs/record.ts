/**
 * One log line as data and as text. Any message of a worker becomes a record that is safe to keep, write and send: plain,
 * bounded, without secrets, and never mistaken for several lines. Loaded in every thread.
 */
import { toErrorRecord } from '../errors.js'
import type { RecordLevel } from '../log-levels.js'
import type { Redactor } from '../redact.js'
import { isError, jsonOf, messageOf, textOf } from '../values/plain.js'

/** One line of the log, with secrets redacted. */
export interface LogRecord {
  /** Rises with each record of this system. */
  seq: number
  /** Milliseconds since the epoch. */
  at: number
  level: RecordLevel
  /** `worker`, or a part of drover: `system`, `store`. */
  part: string
  /** The worker's names; both null for a part of drover. */
  annotator: string | null
  domain: string | null
  message: string
  fields: Record<string, unknown> | null
}

/** A record in memory, with its fields as JSON text. */
export type KeptRecord = Omit<LogRecord, 'fields'> & { fields: string | null }

/** Longer messages and fields are cut. */
const longest = 8_000

/** Makes a text safe to write: no secrets, no control characters but line feed and tab, not too long. */
export function cleanText(text: string, redact: Redactor): string {
  const clean = escapeControls(redact(text))
  return clean.length > longest ? `${clean.slice(0, longest)} [${clean.length - longest} more characters]` : clean
}

/** Escapes control characters as JSON does. */
function escapeControls(text: string): string {
  return text.replace(/(?![\n\t])\p{Cc}/gu, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** What is to be logged. An error in place of the message is logged with its message, and completely as the field `error`. Never throws. */
export function spoken(message: unknown, fields?: Record<string, unknown>): { text: string; fields: Record<string, unknown> | undefined } {
  if (!isError(message)) return { text: textOf(message), fields }
  const all: Record<string, unknown> = { error: message }
  try {
    // Getters are read later, where they may throw.
    if (fields) Object.defineProperties(all, Object.getOwnPropertyDescriptors(fields))
  } catch {
    // A revoked proxy has no fields.
  }
  return { text: messageOf(message), fields: all }
}

/** Fields as redacted JSON text; null if there are none. Never throws, for any value. */
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

/** The inverse of {@link fieldsText}. */
export function openFields(text: string | null): Record<string, unknown> | null {
  if (text === null) return null
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    // Redacting a secret such as `":` can break the JSON.
    return { text }
  }
}

/** A kept record with its fields parsed. */
export function openRecord({ fields, ...rest }: KeptRecord): LogRecord {
  return { ...rest, fields: openFields(fields) }
}

/** The source of a record: `store`, or `1/urgency`. */
export function speakerOf(record: KeptRecord): string {
  return record.annotator === null ? record.part : `${record.annotator}/${record.domain}`
}

/** The record as text that ends in a line feed. Further lines of a message are indented, so that none looks like a record. */
export function recordLine(record: KeptRecord, options: { speaker: boolean }): string {
  const speaker = options.speaker ? ` ${speakerOf(record)}:` : ''
  const fields = record.fields === null ? '' : ` ${record.fields}`
  const message = record.message.replaceAll('\n', '\n    ')
  return `${new Date(record.at).toISOString()} ${record.level.toUpperCase().padEnd(5)}${speaker} ${message}${fields}\n`
}
