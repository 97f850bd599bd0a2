/** A small disk: the log stays within the space there is, so that a run goes on for as long as its data fits. */
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Drover } from '../../../src/index.js'
import { hangMs } from '../../support/hang.js'
import { removeDisks, type SmallDisk, smallDisk } from '../../support/small-disk.js'
import { cleanUp, items, open, until, worker } from '../../support/system.js'

test.after.each(async () => {
  await cleanUp()
  removeDisks()
})

const megabyte = 2 ** 20
const module = new URL('../../fixtures/large.worker.js', import.meta.url)

async function labelling({ folder }: SmallDisk, count: number, length: number): Promise<{ system: Drover; file: string }> {
  const file = join(folder, 'small.db')
  const system = await open({ store: file, workers: [worker('a/x', { module, prefetch: 4 })] })
  await system.load(
    'data',
    items(count, () => ({ length })),
  )
  await system.start()
  return { system, file }
}

test('three thousand tasks are done on a disk of 8 MB, read all the while, although their log would fill it', async () => {
  const disk = smallDisk(8 * 1_024)
  if (!disk) return
  const { system, file } = await labelling(disk, 3_000, 800)
  let reads = 0
  let ended = false
  const reading = (async () => {
    for (; !ended; reads++) await system.labels({ domain: 'x' })
  })()
  let most = 0
  const logged = (): number => statSync(`${file}-wal`).size
  await until(
    () => {
      most = Math.max(most, logged())
      return system.status().done === 3_000 || system.logs({ level: 'warn', limit: 9 }).some(({ message }) => /disk is full/.test(message))
    },
    'it is done, or the disk is full',
    hangMs,
  )
  ended = true
  await reading
  assert.is(system.status().done, 3_000, `the disk is full with a store of ${statSync(file).size} and a log of ${logged()} bytes`)
  assert.ok((await system.done()).ok)
  assert.ok(reads > 0 && most < 3 * megabyte, `${reads} reads, a log of ${most} bytes`)
})

test('data that does not fit waits and says how much is needed; with room, it continues', async () => {
  const disk = smallDisk(4 * 1_024)
  if (!disk) return
  const { system, file } = await labelling(disk, 1_500, 2_000)
  const warnings = (): string[] => system.logs({ level: 'warn', limit: 1_000 }).map(({ message }) => message)
  await until(() => warnings().some((message) => /could not take/.test(message)), 'it says that the disk is full', hangMs)
  const { done } = system.status()
  assert.ok(done > 500 && done < 1_000, `${done} of 1500 fit into 4 MB`)
  const said = warnings().find((message) => /could not take/.test(message)) ?? ''
  assert.match(said, /disk is full: [\d,]+ kB are free where .*small\.db is, [\d,]+ kB are needed/)
  assert.ok(statSync(`${file}-wal`).size < megabyte, 'the log is brought in')
  assert.is(system.status().workers[0]?.state, 'running')
  disk.resize(16 * 1_024)
  const report = await system.done()
  assert.equal([report.ok, report.results], [true, 1_500])
})

test.run()
