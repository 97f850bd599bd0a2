import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { test } from 'uvu'
import { WebSocket } from 'ws'
import { hangMs } from '../../support/hang.js'
import { closeSockets, serveSockets } from '../../support/sockets.js'
import { cleanUp, open, temporaryFolder, worker } from '../../support/system.js'

test.after.each(async () => {
  await closeSockets()
  await cleanUp()
})

const entry = resolve('src/client.ts')

async function bundle(minify: boolean): Promise<{ text: string; inputs: string[] }> {
  const { outputFiles, metafile } = await build({
    entryPoints: [entry],
    bundle: true,
    minify,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    metafile: true,
    write: false,
  })
  return { text: outputFiles[0]?.text ?? '', inputs: Object.keys(metafile.inputs) }
}

test('the client for browsers is small, and holds nothing of Node.js and no package', async () => {
  const { text, inputs } = await bundle(true)
  const size = gzipSync(text).length
  assert.ok(size < 6_000, `${size} bytes`)
  assert.deepEqual(
    inputs.filter((input) => input.includes('node_modules')),
    [],
  )
  assert.doesNotMatch(text, /node:|\bBuffer\b|\bprocess\b|require\(/)
})

test('the bundle works with the WebSocket it is given', async () => {
  const file = join(temporaryFolder(), 'client.mjs')
  writeFileSync(file, (await bundle(false)).text)
  const { connect } = (await import(pathToFileURL(file).href)) as typeof import('drover/client')
  const system = await open({ workers: [worker('a/x')] })
  const { url } = await serveSockets(system)
  const client = connect(url, { WebSocket })
  const { workers } = await client.until((state) => state.workers !== undefined)
  assert.deepEqual(Object.keys(workers ?? {}), ['a/x'])
  await client.close()
})

test('a client that is closed lets its process end, whatever the server does', async () => {
  const system = await open({ workers: [worker('a/x')] })
  const { url, sockets } = await serveSockets(system)
  // It never answers that the connection is being closed.
  sockets.on('connection', (socket) =>
    (socket as unknown as { _receiver: { removeAllListeners(name: string): void } })._receiver.removeAllListeners('conclude'),
  )
  const script = `import { connect } from '${new URL('../../../src/client.js', import.meta.url)}'
    const live = connect('${url}')
    await live.until(({ workers }) => workers !== undefined)
    const nobody = connect('http://127.0.0.1:9')
    await Promise.all([live.close(), nobody.close()])
    console.log('closed')`
  const file = join(temporaryFolder(), 'close.mjs')
  writeFileSync(file, script)
  const { stdout } = await promisify(execFile)(process.execPath, [file], { timeout: hangMs })
  assert.equal(stdout.trim(), 'closed')
})

test.run()
