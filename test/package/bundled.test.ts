/** A program that its author bundles: with drover in the bundle it is told what is wrong, without drover it runs. */
import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { type BuildOptions, build } from 'esbuild'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { makeProject, writeFiles } from '../docs/project.js'
import { hangMs } from '../support/hang.js'

// It names its worker by a path from the working directory, which is right wherever the bundle lies.
const main = `import { createDrover } from 'drover'
import { serveStatus } from 'drover/http'

const main = async () => {
  const drover = await createDrover({
    store: ':memory:',
    workers: [{ id: 'ann/length', module: './out/label.worker.js', dataset: 'messages' }],
  })
  const server = await serveStatus(drover, { port: 0 })
  await drover.load('messages', [{ id: 'a', text: 'help!' }])
  const { results } = await drover.run({ progress: false })
  await server.close()
  console.log(results, 'result')
}
main().catch(({ code, message }) => console.log(code, message))
`
const worker = `import { defineWorker } from 'drover/worker'

export default defineWorker({ process: (task) => task.data.text.length })
`

// Not in a hook: uvu passes a file whose hook throws.
const { folder: projectFolder, remove } = makeProject()
test.after(remove)

/** Bundles program and worker by esbuild, and runs the program. */
async function run(name: string, options: BuildOptions): Promise<SpawnSyncReturns<string>> {
  const folder = writeFiles(projectFolder, name, new Map(Object.entries({ 'main.js': main, 'label.worker.js': worker })))
  const extension = options.format === 'cjs' ? '.cjs' : '.js'
  await build({
    entryPoints: [join(folder, 'main.js'), join(folder, 'label.worker.js')],
    outdir: join(folder, 'out'),
    outExtension: { '.js': extension },
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'silent',
    ...options,
  })
  return spawnSync(process.execPath, [`out/main${extension}`], { cwd: folder, encoding: 'utf8', timeout: hangMs })
}

for (const format of ['esm', 'cjs'] as const) {
  test(`createDrover in a bundle that has drover in it (${format}) says so, and the way out`, async () => {
    const { stdout, stderr } = await run(`whole-${format}`, { format })
    assert.match(stdout, /^BUNDLED drover was bundled into /, stderr)
    assert.match(stdout, '--packages=external')
  })
}

test('a bundled program runs if drover is left out, and so does its bundled worker', async () => {
  const { stdout, stderr } = await run('external', { packages: 'external' })
  assert.is(stdout, '1 result\n', stderr)
})

test('a worker may have drover/worker in its bundle', async () => {
  const { stdout, stderr } = await run('worker', { plugins: [{ name: 'all but the worker', setup: leaveOut }] })
  assert.is(stdout, '1 result\n', stderr)
})

/** Leaves drover out, except for what workers import. */
const leaveOut: NonNullable<BuildOptions['plugins']>[number]['setup'] = ({ onResolve }) =>
  onResolve({ filter: /^drover(\/http)?$/ }, ({ path }) => ({ path, external: true }))

test.run()
