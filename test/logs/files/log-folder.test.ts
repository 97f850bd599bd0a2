import fs, { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { LogFolder } from '../../../src/logs/files/log-folder.js'
import { hangMs } from '../../support/hang.js'

interface Bench {
  dir: string
  clock: { now: number; tick: (() => void) | null }
  failures: Error[]
  files: LogFolder
}

const test = suite<Bench>('log files')

test.before.each((bench) => {
  bench.dir = mkdtempSync(join(tmpdir(), 'drover-logs-'))
  bench.clock = { now: Date.parse('2025-11-01T12:00:00.000Z'), tick: null }
  bench.failures = []
  bench.files = new LogFolder({
    dir: join(bench.dir, 'made', 'on-demand'),
    maxBytes: 1_000_000,
    keep: 5,
    now: () => bench.clock.now,
    every: (_ms, tick) => {
      bench.clock.tick = tick
      return () => {
        bench.clock.tick = null
      }
    },
    onFailing: (error) => bench.failures.push(error),
  })
})

test.after.each(async ({ dir, files }) => {
  await files.close()
  rmSync(dir, { recursive: true, force: true })
})

async function until(what: string, condition: () => boolean): Promise<void> {
  const deadline = Date.now() + hangMs
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`waited for ${what}`)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

test('nothing is made on disk before the first line', async ({ dir, files }) => {
  await files.close()
  assert.equal(readdirSync(dir), [])
})

test('a thousand workers do not hold a thousand files, and no line is lost for it', async ({ dir, files }) => {
  let most = 0
  for (let round = 0; round < 3; round++) {
    for (let n = 0; n < 1_000; n++) {
      files.write(`worker.${n}.urgency`, `${round}\n`)
      most = Math.max(most, files.openCount)
    }
  }
  assert.ok(most <= 32, `${most} open`)
  await files.close()
  const folder = join(dir, 'made', 'on-demand')
  const names = readdirSync(folder)
  assert.is(names.length, 1_000)
  for (const name of names) assert.is(readFileSync(join(folder, name), 'utf8'), '0\n1\n2\n')
})

test('of a thousand files few are opened in one turn of the event loop', async ({ dir, files }) => {
  const real = fs.mkdirSync
  const folder = join(dir, 'made', 'on-demand')
  let [inTurn, most, opened] = [0, 0, 0]
  fs.mkdirSync = ((...args: Parameters<typeof real>) => {
    if (args[0] === folder) most = Math.max(most, ++inTurn)
    return real(...args)
  }) as typeof real
  syncBuiltinESMExports()
  try {
    for (let n = 0; n < 1_000; n++) files.write(`worker.${n}.urgency`, 'a line\n')
    await until('all to be opened', () => {
      opened += inTurn
      inTurn = 0
      return opened === 1_000
    })
  } finally {
    fs.mkdirSync = real
    syncBuiltinESMExports()
  }
  assert.ok(most <= 4, `${most} were opened in one turn`)
})

test('an idle file is closed, its next line opens it again, and the timer rests while all are closed', async ({ dir, clock, files }) => {
  files.write('system', 'one\n')
  clock.now += 9_000
  clock.tick?.()
  assert.is(files.openCount, 1)
  clock.now += 1_000
  clock.tick?.()
  assert.is(files.openCount, 0)
  assert.is(clock.tick, null)
  files.write('system', 'two\n')
  assert.ok(clock.tick)
  await files.close()
  assert.is(clock.tick, null)
  assert.is(readFileSync(join(dir, 'made', 'on-demand', 'system_20251101.log'), 'utf8'), 'one\ntwo\n')
})

test('lines keep their order while a file is closed and opened again', async ({ dir, clock, files }) => {
  const expected: string[] = []
  for (let n = 0; n < 500; n++) {
    files.write('system', `${n}\n`)
    expected.push(`${n}\n`)
    if (n % 7 === 0) {
      clock.now += 20_000
      clock.tick?.()
    }
    if (n % 50 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  await files.close()
  assert.is(readFileSync(join(dir, 'made', 'on-demand', 'system_20251101.log'), 'utf8'), expected.join(''))
})

test('a folder that failed is tried again after a minute, and a later failure is reported again', async ({
  clock,
  files,
  dir,
  failures,
}) => {
  const folder = join(dir, 'made')
  const failed = (count: number) => until(`failure ${count}`, () => failures.length >= count)
  const opened = (file: string) => until(`lines in ${file}`, () => existsSync(file) && readFileSync(file, 'utf8') !== '')
  writeFileSync(folder, 'in the way')
  files.write('system', 'lost\n')
  await failed(1)
  files.write('system', 'left out\n')
  rmSync(folder)
  mkdirSync(folder)
  clock.now += 60_000
  files.write('system', 'back\n')
  clock.now += 20_000
  clock.tick?.()
  await opened(join(folder, 'on-demand', 'system_20251101.log'))
  mkdirSync(join(folder, 'on-demand', 'store_20251101.log'))
  files.write('store', 'lost again\n')
  files.write('store', 'and again\n')
  await failed(2)
  await files.close()
  assert.is(readFileSync(join(folder, 'on-demand', 'system_20251101.log'), 'utf8'), 'back\n')
  assert.match(failures[1]?.message ?? '', 'not a file')
  assert.is(failures.length, 2)
})

test('the folder is listed once for all files of a day, and what is too old of each goes', async ({ dir, clock, files }) => {
  const folder = join(dir, 'made', 'on-demand')
  mkdirSync(folder, { recursive: true })
  const days = ['20251020', '20251021', '20251022', '20251023', '20251024', '20251025', '20251026']
  for (let n = 0; n < 200; n++) for (const day of days) writeFileSync(join(folder, `worker.${n}.x_${day}.log`), 'old\n')
  let listed = 0
  const { readdir } = fs.promises
  fs.promises.readdir = ((...args: Parameters<typeof readdir>) => {
    listed++
    return readdir(...args)
  }) as typeof readdir
  syncBuiltinESMExports()
  try {
    for (let n = 0; n < 200; n++) files.write(`worker.${n}.x`, 'new\n')
    await until('old files to go', () => readdirSync(folder).length === 200 * 6)
    assert.is(listed, 1)
    clock.now += 86_400_000
    for (let n = 0; n < 200; n++) files.write(`worker.${n}.x`, 'newer\n')
    await files.close()
    assert.is(listed, 2)
    const left = readdirSync(folder).filter((name) => name.startsWith('worker.7.x_'))
    assert.equal(
      left.sort(),
      ['20251023', '20251024', '20251025', '20251026', '20251101', '20251102'].map((day) => `worker.7.x_${day}.log`),
    )
  } finally {
    fs.promises.readdir = readdir
    syncBuiltinESMExports()
  }
})

test.run()
