/** Maps places in compiled code to the author's source. Nothing here throws: a place without a usable map is unchanged. */
import { readFileSync, statSync } from 'node:fs'
import { SourceMap } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { ErrorRecord } from '../../errors.js'

/** Lines and columns from 0. */
interface Place {
  url: string
  line: number
  column: number
}

/** Larger files are not read for a line number. */
const largestFile = 20_000_000
/** Number of remembered frames: repeated errors have the same frames. */
const knownFrames = 1_000

const frames = new Map<string, string>()
/** By compiled file. A loaded file does not change for its thread. */
const maps = new Map<string, SourceMap | null>()

/** @param mapUrl the script's `sourceMappingURL`: a `data:` URL, or one relative to the script */
export function inSource(place: Place, mapUrl: string | undefined): Place | null {
  const map = readMap(place.url, mapUrl)
  return map && original(map, place)
}

function readMap(url: string, mapUrl: string | undefined): SourceMap | null {
  if (!mapUrl) return null
  try {
    const [, encoded] = /^data:application\/json[^,]*;base64,(.*)$/.exec(mapUrl) ?? []
    const text = encoded ? Buffer.from(encoded, 'base64').toString() : readFileSync(new URL(mapUrl, url), 'utf8')
    return new SourceMap(JSON.parse(text))
  } catch {
    return null
  }
}

function original(map: SourceMap, { url, line, column }: Place): Place | null {
  const entry = map.findEntry(line, column)
  if (!('originalSource' in entry)) return null
  return { url: new URL(entry.originalSource, url).href, line: entry.originalLine, column: entry.originalColumn }
}

/** The record with all stacks, including those of causes, mapped to the author's source where there are maps. */
export function withSources(record: ErrorRecord): ErrorRecord {
  const mapped: ErrorRecord = { ...record }
  if (record.stack !== undefined) mapped.stack = record.stack.split('\n').map(frameInSource).join('\n')
  if (record.cause) mapped.cause = withSources(record.cause)
  return mapped
}

/** `    at f (file:///dist/a.js:9:3)` as `    at f (file:///src/a.ts:4:5)`. */
function frameInSource(frame: string): string {
  const known = frames.get(frame)
  if (known !== undefined) return known
  const mapped = mapFrame(frame)
  if (frames.size < knownFrames) frames.set(frame, mapped)
  return mapped
}

function mapFrame(frame: string): string {
  const [, before, place, line, column, after] = /^(\s+at (?:.*\()?)((?:file:\/\/|\/|[A-Za-z]:\\).*?):(\d+):(\d+)(\)?)$/.exec(frame) ?? []
  if (place === undefined) return frame
  try {
    const url = place.startsWith('file:') ? place : pathToFileURL(place).href
    const map = mapOf(url)
    const own = map && original(map, { url, line: Number(line) - 1, column: Number(column) - 1 })
    return own ? `${before}${own.url}:${own.line + 1}:${own.column + 1}${after}` : frame
  } catch {
    return frame
  }
}

function mapOf(url: string): SourceMap | null {
  const known = maps.get(url)
  if (known !== undefined) return known
  maps.set(url, null)
  const map = readMap(url, mapUrlOf(fileURLToPath(url)))
  maps.set(url, map)
  return map
}

/** The `sourceMappingURL` in the last comment of a file. */
function mapUrlOf(file: string): string | undefined {
  if (statSync(file).size > largestFile) return undefined
  return [...readFileSync(file, 'utf8').matchAll(/^\/\/[#@] sourceMappingURL=(\S+)\s*$/gm)].at(-1)?.[1]
}
