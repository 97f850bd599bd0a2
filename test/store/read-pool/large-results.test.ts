import { execFile } from 'node:child_process'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { hangMs } from '../../support/hang.js'
import { cleanUp, temporaryFolder } from '../../support/system.js'

test.after.each(cleanUp)

const program = fileURLToPath(new URL('../../fixtures/large-results.js', import.meta.url))

/** What a process with a heap of so many MB makes of so many results of so many characters. */
async function run(folder: string, heapMb: number, count: number, length: number) {
  const args = [`--max-old-space-size=${heapMb}`, program, folder, String(count), String(length)]
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: hangMs })
  return JSON.parse(stdout) as Record<string, unknown>
}

test('results that are together larger than the heap are read and exported, a few at a time', async () => {
  const folder = temporaryFolder()
  const told = await run(folder, 96, 110, 1_000_000)
  assert.equal(told, { read: 110_000_000, iterated: 'all', exported: 110, labels: 110, deaths: 0, state: 'open' })
  assert.ok(statSync(join(folder, 'labels.jsonl')).size > 110_000_000)
})

test.run()
