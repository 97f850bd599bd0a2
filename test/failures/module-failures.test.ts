import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { moduleVersion } from '../../src/actors/worker/module-version.js'
import type { Drover, DroverOptions } from '../../src/index.js'
import { cleanUp, isolations, items, open, state, temporaryFolder, worker } from '../support/system.js'

test.after.each(cleanUp)

const library = new URL('../../src/worker.js', import.meta.url).href

/** A folder with a worker module, to be written again and again. */
function project() {
  const folder = temporaryFolder()
  const write = (name: string, ...lines: string[]): void => writeFileSync(join(folder, name), lines.join('\n'))
  return {
    folder,
    write,
    module: pathToFileURL(join(folder, 'label.worker.mjs')),
    store: join(folder, 'test.db'),
    file: join(folder, 'label.worker.mjs'),
  }
}

const head = `import { defineWorker } from '${library}'`
const good = [head, 'export default defineWorker({ process: (task) => ({ key: task.key }) })']
const broken = [head, 'export default defineWorker({', '  process: (task) => ({ key: task.key )),', '})']

/** As a user has it: with the restarts of the default policy. */
async function run(options: Pick<DroverOptions, 'store' | 'workers'> & Partial<DroverOptions>): Promise<Drover> {
  const system = await open({ restart: {}, ...options })
  await system.load('data', items(2))
  await system.start()
  return system
}

function warnings(system: Drover): string[] {
  return system.logs({ level: 'warn', part: 'worker', limit: 1_000 }).map(({ message }) => message)
}

for (const isolation of isolations) {
  test(`a syntax error in the module of a ${isolation} names file, line and column, and is not tried again`, async () => {
    const { module, store, write, file } = project()
    write('label.worker.mjs', ...broken)
    const system = await run({ store, workers: [worker('a/x', { module, isolation })] })
    const report = await system.done()
    assert.equal(report.blacklisted, ['a/x'])
    const failures = await system.failures()
    assert.is(failures.length, 1)
    const { message, error } = (failures[0] as (typeof failures)[number]).failure
    assert.is(message, `worker module ${file} cannot be loaded: ${file}:3:39: SyntaxError: Unexpected token ')'`)
    assert.equal([error?.code, error?.details], ['WORKER_MODULE_THREW', { stage: 'load', at: `${file}:3:39` }])
  })
}

test('the syntax error of a file that the module imports is found in that file', async () => {
  const { module, store, write, folder } = project()
  write('label.worker.mjs', `import './deep.mjs'`, ...good)
  write('deep.mjs', '', 'const = 5')
  const system = await run({ store, workers: [worker('a/x', { module })] })
  await system.done()
  const [row] = await system.failures()
  assert.equal(row?.failure.error?.details?.at, `${join(folder, 'deep.mjs')}:2:7`)
})

const unloadable: Record<string, string[]> = {
  'a package that is not installed': [`import 'no-such-package-anywhere'`, ...good],
  'a file that is not there': [`import './nowhere.mjs'`, ...good],
  'a name that is not exported': [head, `import { nothing } from './other.mjs'`, 'export default defineWorker({ process: nothing })'],
}
for (const [what, lines] of Object.entries(unloadable)) {
  test(`a module that imports ${what} is not tried again`, async () => {
    const { module, store, write } = project()
    write('other.mjs', 'export const something = 1')
    write('label.worker.mjs', ...lines)
    const system = await run({ store, workers: [worker('a/x', { module })] })
    assert.equal((await system.done()).blacklisted, ['a/x'])
    assert.is((await system.failures()).length, 1)
  })
}

test('an error thrown by a module is tried again, also a SyntaxError, and the user’s rules go first', async () => {
  const { module, store, write, folder } = project()
  write('label.worker.mjs', head, `JSON.parse('{')`)
  const quick = { backoff: { initialMs: 1, maxMs: 1 } }
  const system = await run({ store, restart: quick, workers: [worker('a/x', { module })] })
  await system.done()
  assert.is((await system.failures()).length, 4)
  write('label.worker.mjs', ...broken)
  const rule = { when: { kind: 'start-error' as const }, do: 'stop' as const }
  const other = await run({ store: join(folder, 'other.db'), restart: { rules: [rule] }, workers: [worker('a/x', { module })] })
  assert.equal((await other.done()).stopped, ['a/x'])
})

test('an unchanged module stays blacklisted, and start() says so and how to lift it; a changed one is tried by itself', async () => {
  const { module, store, write } = project()
  write('label.worker.mjs', ...broken)
  const options = { store, workers: [worker('a/x', { module })] }
  const first = await run(options)
  await first.done()
  await first.close()
  const second = await run(options)
  assert.equal((await second.done()).blacklisted, ['a/x'])
  assert.is((await second.failures()).length, 1)
  assert.match(
    warnings(second).join('\n'),
    /^blacklisted: worker module .*SyntaxError.*; drover\.reset\('a\/x'\) lifts it, and so does a change/,
  )
  write('label.worker.mjs', ...good)
  // Also in the same host.
  await second.start()
  const report = await second.done()
  assert.equal([report.ok, report.results], [true, 2])
})

test('a blacklisting by hand is not lifted by a changed module', async () => {
  const { module, store, write } = project()
  write('label.worker.mjs', ...good)
  const options = { store, workers: [worker('a/x', { module })] }
  const first = await run(options)
  await first.done()
  await first.blacklist('a/x', 'not wanted')
  await first.close()
  write('label.worker.mjs', ...good, '// changed')
  const second = await run(options)
  assert.equal((await second.done()).blacklisted, ['a/x'])
  assert.match(warnings(second).join('\n'), /blacklisted: not wanted; drover\.reset\('a\/x'\) lifts it$/m)
})

test('tasks that died under an older module are logged, with the call that redrives them', async () => {
  const { module, store, write } = project()
  write('label.worker.mjs', head, 'export default defineWorker({ process: (task) => task.data.txt.length })')
  const options = { store, workers: [worker('a/x', { module })], tasks: { maxAttempts: 1 } }
  const first = await run(options)
  assert.is((await first.done()).dead, 2)
  await first.close()
  const same = await run(options)
  await same.done()
  assert.equal(warnings(same), [])
  await same.close()
  write('label.worker.mjs', ...good)
  const second = await run(options)
  await second.done()
  assert.equal(warnings(second), [
    "2 tasks are dead under an older version of its module: drover.redrive({ worker: 'a/x' }) tries them again",
  ])
  await second.redrive({ worker: 'a/x' })
  assert.equal((await second.done()).results, 2)
  await state(second, 'a/x', 'completed')
})

test('the version of a module goes by its files, those that it imports, and the packages that these name', async () => {
  const { write, folder, module } = project()
  const versions = new Set<string>()
  let asked = 0
  const look = async (): Promise<number> => {
    // Under another name each time, because an answer is kept for a moment.
    versions.add(await moduleVersion(`${module.href}?${asked++}`))
    return versions.size
  }
  assert.is(await look(), 1)
  write('label.worker.mjs', `import { ask } from './ask.mjs'`)
  assert.is(await look(), 2)
  assert.is(await look(), 2)
  write('ask.mjs', `import { client } from 'provider/client'`)
  assert.is(await look(), 3)
  mkdirSync(join(folder, 'node_modules/provider'), { recursive: true })
  write('node_modules/provider/package.json', '{ "version": "1.0.0" }')
  assert.is(await look(), 4)
  write('node_modules/provider/package.json', '{ "version": "1.0.1" }')
  assert.is(await look(), 5)
  write('unrelated.mjs', 'export {}')
  assert.is(await look(), 5)
})

test.run()
