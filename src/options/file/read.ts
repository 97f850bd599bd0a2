/** Reads a configuration from a JSON file; an error has the place of a mistake in the JSON. */
import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { DroverError, toErrorRecord } from '../../errors.js'
import { isRecord } from '../../validation/schema-pieces.js'
import { jsonErrorAt } from './json.js'

/**
 * The file's content with absolute paths; any JSON value.
 *
 * @throws DroverError CONFIG_INVALID if the file cannot be read or is not JSON
 */
export async function readConfig(file: string): Promise<unknown> {
  return absolute(parse(await read(file), file), dirname(resolve(file)))
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : toErrorRecord(cause).message
    throw new DroverError('CONFIG_INVALID', `${resolve(file)} cannot be read: ${why}`, { cause })
  }
}

function parse(text: string, file: string): unknown {
  // Editors on Windows write a byte order mark first.
  const json = text.replace(/^\uFEFF/, '')
  try {
    return JSON.parse(json)
  } catch {
    // The parser's own message quotes the text, which may hold secrets, and often lacks the place.
    const before = json.slice(0, jsonErrorAt(json)).split('\n')
    const place = `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`
    throw new DroverError('CONFIG_INVALID', `${file} is not JSON: the mistake is at ${place}`, { details: { place } })
  }
}

function absolute(options: unknown, folder: string): unknown {
  if (!isRecord(options)) return options
  const { $schema: _, ...rest } = options
  const { store, log, evidence, workers } = rest
  if (typeof store === 'string' && store.trim() !== '' && store !== ':memory:') rest.store = resolve(folder, store)
  if (isRecord(log)) rest.log = absoluteDir(log, folder)
  if (isRecord(evidence)) rest.evidence = absoluteDir(evidence, folder)
  if (Array.isArray(workers)) rest.workers = workers.map((entry) => absoluteModules(entry, folder))
  return rest
}

function absoluteDir(options: Record<string, unknown>, folder: string): Record<string, unknown> {
  const { dir } = options
  return typeof dir === 'string' && dir.trim() !== '' ? { ...options, dir: resolve(folder, dir) } : options
}

/** Of a worker, or of all workers under a supervisor. */
function absoluteModules(entry: unknown, folder: string): unknown {
  if (!isRecord(entry)) return entry
  if (Array.isArray(entry.children)) return { ...entry, children: entry.children.map((child) => absoluteModules(child, folder)) }
  const { module } = entry
  const isPath = typeof module === 'string' && module.trim() !== '' && !/^[a-z][a-z0-9+.-]+:/i.test(module)
  return isPath ? { ...entry, module: resolve(folder, module) } : entry
}
