import { execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, lstatSync, readdirSync, readFileSync, readlinkSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Drover } from '../../src/index.js'
import { within } from '../store/support/waiting.js'
import { refused } from '../support/refused.js'
import { removeDisks, smallDisk } from '../support/small-disk.js'
import { cleanUp, items, open, temporaryFolder, worker } from '../support/system.js'

test.after.each(cleanUp)
test.after.each(removeDisks)

const exporter = fileURLToPath(new URL('../fixtures/exporter.js', import.meta.url))

interface World {
  system: Drover
  folder: string
  store: string
}

/** A system with so many results. */
async function labelled(count: number): Promise<World> {
  const folder = temporaryFolder()
  const store = join(temporaryFolder(), 'test.db')
  const system = await open({ store, workers: [worker('a/x', { prefetch: 500 })] })
  await system.load('data', items(count))
  await system.start()
  await system.done()
  return { system, folder, store }
}

const keysIn = (lines: string): string[] =>
  lines
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { key: string }).key)

test('two exports into one file at a time leave the whole of one of them', async () => {
  const { system, folder } = await labelled(2_000)
  const file = join(folder, 'labels.jsonl')
  assert.equal(await Promise.all([system.export(file), system.export(file), system.export(file)]), [2_000, 2_000, 2_000])
  assert.is(new Set(keysIn(readFileSync(file, 'utf8'))).size, 2_000)
  assert.equal(readdirSync(folder), ['labels.jsonl'])
})

test('an export that the closing of its system cuts short is refused with CLOSED, and leaves nothing', async () => {
  const { system, folder } = await labelled(2_000)
  const file = join(folder, 'labels.jsonl')
  writeFileSync(file, 'old\n')
  const ends = Promise.all(Array.from({ length: 5 }, () => system.export(file).catch((error: { code?: string }) => error.code)))
  await system.close()
  for (const end of await within('the exports end', ends)) assert.ok(end === 'CLOSED' || end === 2_000, `ended with ${end}`)
  await refused(system.export(file), 'CLOSED')
  assert.equal(readdirSync(folder), ['labels.jsonl'])
})

test('an export onto a disk that is full is one error with its cause, and leaves the old file and nothing else', async () => {
  const { system, folder } = await labelled(1_000)
  const disk = smallDisk(64)
  if (!disk) return
  const file = join(disk.folder, 'labels.jsonl')
  writeFileSync(file, 'old\n')
  const error = await refused(system.export(file), 'EXPORT_FAILED')
  assert.is((error.cause as NodeJS.ErrnoException).code, 'ENOSPC')
  assert.equal([readdirSync(disk.folder), readFileSync(file, 'utf8')], [['labels.jsonl'], 'old\n'])
  // The others go on.
  assert.is(await system.export(join(folder, 'labels.jsonl')), 1_000)
})

test('a pipe is written to, and stays', async () => {
  const { system, folder } = await labelled(2_000)
  const pipe = join(folder, 'pipe')
  execFileSync('mkfifo', [pipe])
  const exported = system.export(pipe)
  // It waits for somebody who reads.
  const cat = spawn('cat', [pipe], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [rows, lines] = await within('the pipe was read', Promise.all([exported, text(cat.stdout)]))
  assert.equal([rows, new Set(keysIn(lines)).size], [2_000, 2_000])
  assert.ok(lstatSync(pipe).isFIFO())
  assert.equal(readdirSync(folder), ['pipe'])
})

test('an export into a pipe without a reader, or with one that stops, ends with its signal, with the reader and with the system', async () => {
  const { system, folder } = await labelled(2_000)
  const pipe = join(folder, 'pipe')
  execFileSync('mkfifo', [pipe])
  const controller = new AbortController()
  setImmediate(() => controller.abort(new Error('enough')))
  const given = await within(
    'it is given up',
    system.export(pipe, { signal: controller.signal }).catch((error: Error) => error.message),
  )
  assert.is(given, 'enough')
  const head = spawn('head', ['-c', '10', pipe], { stdio: 'ignore' })
  const broken = await within('the reader is gone', refused(system.export(pipe), 'EXPORT_FAILED'))
  assert.is((broken.cause as NodeJS.ErrnoException).code, 'EPIPE')
  if (head.exitCode === null) await once(head, 'exit')
  const waiting = refused(system.export(pipe), 'CLOSED')
  await system.close()
  await within('the export ends with the system', waiting)
})

test('a device is written to, and its error is reported', async () => {
  const { system, folder } = await labelled(10)
  // Root makes some of its own: those of the machine would be gone if this failed.
  const own = process.getuid?.() === 0
  const [none, full] = own ? [join(folder, 'null'), join(folder, 'full')] : ['/dev/null', '/dev/full']
  if (own) {
    execFileSync('mknod', [none, 'c', '1', '3'])
    execFileSync('mknod', [full, 'c', '1', '7'])
  }
  assert.is(await system.export(none), 10)
  const error = await refused(system.export(full), 'EXPORT_FAILED')
  assert.is((error.cause as NodeJS.ErrnoException).code, 'ENOSPC')
  assert.equal([lstatSync(none).isCharacterDevice(), lstatSync(full).isCharacterDevice()], [true, true])
  await refused(system.export(folder), 'EXPORT_FAILED')
  assert.equal(readdirSync(folder).sort(), own ? ['full', 'null'] : [])
})

test('a link stays a link, and a file keeps its permissions', async () => {
  const { system, folder } = await labelled(10)
  const [file, link, dangling] = ['labels.jsonl', 'link', 'dangling'].map((name) => join(folder, name)) as [string, string, string]
  writeFileSync(file, 'old\n')
  chmodSync(file, 0o600)
  symlinkSync('labels.jsonl', link)
  symlinkSync('new.jsonl', dangling)
  await system.export(link)
  await system.export(dangling)
  assert.equal([readlinkSync(link), readlinkSync(dangling)], ['labels.jsonl', 'new.jsonl'])
  assert.equal([keysIn(readFileSync(file, 'utf8')).length, statSync(file).mode & 0o777], [10, 0o600])
  assert.is(keysIn(readFileSync(join(folder, 'new.jsonl'), 'utf8')).length, 10)
  assert.equal(readdirSync(folder).sort(), ['dangling', 'labels.jsonl', 'link', 'new.jsonl'])
})

for (const [where, shell] of [
  ['a socket', null],
  ['a pipe', '"$0" "$@" | cat'],
  ['a file', 'f="$(mktemp)"; "$0" "$@" > "$f"; cat "$f"; rm "$f"'],
] as const) {
  test(`the standard output, ${where}, gets the lines between what the process says itself`, async () => {
    const { system, store, folder } = await labelled(500)
    await system.close()
    // As /dev/stdout is.
    const link = join(folder, 'stdout')
    symlinkSync('/proc/self/fd/1', link)
    const command = [process.execPath, exporter, store, link]
    const [file, ...rest] = shell === null ? command : ['bash', '-c', shell, ...command]
    const { stdout } = await promisify(execFile)(file as string, rest)
    const lines = stdout.trimEnd().split('\n')
    assert.equal([lines.at(0), lines.at(-1), lines.length], ['before', '500 rows', 502])
    assert.is(new Set(keysIn(lines.slice(1, -1).join('\n'))).size, 500)
  })
}

test.run()
