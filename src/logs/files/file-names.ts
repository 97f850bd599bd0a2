/** Names of log files: `worker.1.urgency_20251101.log`, `system_20251101.log`; rotated ones end in `.1` (youngest) and up. */
import { createHash } from 'node:crypto'

/** The longest stem; with date, extension and rotation number it stays below the 255 bytes that file systems allow. */
const longest = 200

/**
 * A file's name without its date. A name with characters not allowed in file names is changed and gets a hash, so that it stays
 * unique.
 */
export function fileStem(names: readonly string[]): string {
  const plain = names.map((name) => name.replace(/[^A-Za-z0-9._-]/g, '-')).join('.')
  const changed = plain !== names.join('.') || plain.length > longest || plain.startsWith('.')
  return changed ? markedStem(plain, names) : plain
}

/** A stem with a hash, to distinguish it from the same stem of other names: workers `a.b`, `c` and `a`, `b.c`. */
export function markedStem(stem: string, names: readonly string[]): string {
  const hash = createHash('sha256').update(names.join('\0')).digest('hex').slice(0, 8)
  return `${stem.slice(0, longest).replace(/^\.+/, '')}~${hash}`
}

/** The day of a time in UTC, like the times in the lines: `20251101`. */
export function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10).replaceAll('-', '')
}

export function fileName(stem: string, day: string): string {
  return `${stem}_${day}.log`
}

/** Of a folder's files those of one stem, youngest first. */
export function filesOf(stem: string, files: readonly string[]): string[] {
  const own: { file: string; day: string; rotation: number }[] = []
  for (const file of files) {
    if (!file.startsWith(`${stem}_`)) continue
    const [, day, rotation] = /^(\d{8})\.log(?:\.(\d+))?$/.exec(file.slice(stem.length + 1)) ?? []
    if (day !== undefined) own.push({ file, day, rotation: Number(rotation ?? 0) })
  }
  return own.sort((a, b) => b.day.localeCompare(a.day) || a.rotation - b.rotation).map(({ file }) => file)
}

/** A folder's log files, by stem. */
export function byStem(files: readonly string[]): Map<string, Set<string>> {
  const stems = new Map<string, Set<string>>()
  for (const file of files) {
    const [, stem] = /^(.+)_\d{8}\.log(?:\.\d+)?$/.exec(file) ?? []
    if (stem === undefined) continue
    const own = stems.get(stem)
    if (own) own.add(file)
    else stems.set(stem, new Set([file]))
  }
  return stems
}
