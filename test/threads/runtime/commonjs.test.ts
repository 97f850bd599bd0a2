/** Worker modules in CommonJS, written by hand and as compilers write them. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { cleanUp, collect, isolations, items, open, temporaryFolder, worker } from '../../support/system.js'

test.after.each(cleanUp)

const defined = `require(${JSON.stringify(fileURLToPath(new URL('../../../src/worker.js', import.meta.url)))}).defineWorker({ process: () => 'done' })`
const modules = {
  'with module.exports': `module.exports = ${defined}`,
  'compiled from TypeScript': `Object.defineProperty(exports, '__esModule', { value: true }); exports.default = ${defined}`,
}

for (const [what, source] of Object.entries(modules)) {
  test(`a CommonJS module ${what} does its tasks in a thread and in a process`, async () => {
    const module = join(temporaryFolder(), 'label.worker.cjs')
    writeFileSync(module, source)
    const system = await open({ workers: isolations.map((isolation) => worker(`${isolation}/x`, { module, isolation })) })
    await system.load('data', items(2))
    await system.start()
    await system.done()
    const results = await collect(system.results())
    assert.equal(
      results.map(({ value }) => value),
      ['done', 'done', 'done', 'done'],
    )
  })
}

test.run()
