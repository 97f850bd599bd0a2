/**
 * Writes lines to a file that others may be reading: a regular file is replaced in one step; a pipe or a device is written to
 * directly.
 */
import { randomBytes } from 'node:crypto'
import { constants, createWriteStream, open as openWithCallback, type Stats } from 'node:fs'
import { lstat, open, readlink, realpath, rename, rm, stat } from 'node:fs/promises'
import { Socket } from 'node:net'
import { dirname, resolve } from 'node:path'
import type { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { DroverError } from '../errors.js'

/** Opens a plain file descriptor: the garbage collector would close a FileHandle. */
const openDescriptor = promisify(openWithCallback)

/** Time between attempts to open a pipe without a reader. */
const pipeRetryMs = 50
/** A longer chain of links counts as endless. */
const mostLinks = 40

/**
 * @param lines the text, in pieces of any length
 * @param signal cancels the export; the file is not replaced
 * @throws DroverError EXPORT_FAILED with the cause; errors of `lines` and the signal's reason unchanged
 */
export async function writeFileWhole(file: string, lines: AsyncIterable<string>, signal: AbortSignal): Promise<void> {
  const failure = { of: null as { error: unknown } | null }
  try {
    const target = await targetOf(file)
    if (target.replace) await replace(target, watched(lines, failure), signal)
    else await writeThrough(target, watched(lines, failure), signal)
  } catch (cause) {
    if (failure.of) throw failure.of.error
    signal.throwIfAborted()
    throw new DroverError('EXPORT_FAILED', `${file} could not be written: ${(cause as Error).message}`, { cause, details: { file } })
  }
}

/** Remembers an error of reading the lines, to distinguish it from an error of writing. */
async function* watched(lines: AsyncIterable<string>, failure: { of: { error: unknown } | null }): AsyncGenerator<string, void, void> {
  try {
    yield* lines
  } catch (error) {
    failure.of = { error }
    throw error
  }
}

interface Target {
  path: string
  /** Stats of the existing file. */
  stats: Stats | null
  /** The descriptor under which this process has the file open. */
  descriptor: number | null
  replace: boolean
}

/** Resolves a name: the target of links is replaced, not the link. */
async function targetOf(file: string): Promise<Target> {
  const stats = await present(stat(file))
  const descriptor = await descriptorOf(file)
  if (descriptor !== null || (stats && !stats.isFile())) return { path: file, stats, descriptor, replace: false }
  return { path: stats ? await realpath(file) : await endOfLinks(file), stats, descriptor, replace: true }
}

/** Names such as /dev/stdout mean a file that this process has open: replacing it would have no effect there. */
async function descriptorOf(file: string): Promise<number | null> {
  let path = resolve(file)
  for (let links = 0; links < mostLinks; links++) {
    const [, owner, descriptor] = /^\/(?:proc\/(self|\d+)|dev)\/fd\/(\d+)$/.exec(path) ?? []
    if (descriptor !== undefined && (owner === undefined || owner === 'self' || Number(owner) === process.pid)) return Number(descriptor)
    if (!(await present(lstat(path)))?.isSymbolicLink()) return null
    path = resolve(dirname(path), await readlink(path))
  }
  return null
}

/** For a link to a file that does not exist yet. */
async function endOfLinks(file: string): Promise<string> {
  let path = resolve(file)
  for (let links = 0; links < mostLinks && (await present(lstat(path)))?.isSymbolicLink(); links++)
    path = resolve(dirname(path), await readlink(path))
  return path
}

async function present<Value>(looked: Promise<Value>): Promise<Value | null> {
  try {
    return await looked
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

/** Writes a temporary file beside the target, syncs it, and renames it. */
async function replace({ path, stats }: Target, lines: AsyncIterable<string>, signal: AbortSignal): Promise<void> {
  const temporary = `${path}.${process.pid}-${randomBytes(6).toString('hex')}.tmp`
  const handle = await open(temporary, 'wx', stats ? stats.mode & 0o777 : 0o666)
  try {
    // The umask may have removed some of the old permissions.
    if (stats) await handle.chmod(stats.mode & 0o777)
    await pipeline(lines, handle.createWriteStream({ flush: true }), { signal })
    signal.throwIfAborted()
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  await syncFolder(dirname(path))
}

/** Writes directly to a target that is not a regular file. */
async function writeThrough(target: Target, lines: AsyncIterable<string>, signal: AbortSignal): Promise<void> {
  const { path, stats, descriptor } = target
  if (descriptor === 1 || descriptor === 2) return writeToOwn(descriptor === 1 ? process.stdout : process.stderr, lines, signal)
  if (stats?.isFIFO()) return pipeline(lines, await openPipe(path, signal), { signal })
  const own = descriptor !== null && stats?.isFile() ? { fd: descriptor, autoClose: false } : { flags: 'a' }
  return pipeline(lines, createWriteStream(path, own), { signal })
}

/** Writes through the process's own stream, in order with its other output. The stream stays open. */
async function writeToOwn(stream: NodeJS.WriteStream, lines: AsyncIterable<string>, signal: AbortSignal): Promise<void> {
  await pipeline(lines, stream, { signal, end: false })
  await new Promise<void>((done, fail) => stream.write('', (error) => (error ? fail(error) : done())))
}

/** Waits until the pipe has a reader, without blocking a thread. */
async function openPipe(path: string, signal: AbortSignal): Promise<Writable> {
  for (;;) {
    signal.throwIfAborted()
    try {
      return new Socket({ fd: await openDescriptor(path, constants.O_WRONLY | constants.O_NONBLOCK), readable: false, writable: true })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENXIO') throw error
    }
    await sleep(pipeRetryMs, undefined, { signal })
  }
}

/** Makes the rename itself durable, where the platform can. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => null)
  await handle?.sync().catch(() => {})
  await handle?.close()
}
