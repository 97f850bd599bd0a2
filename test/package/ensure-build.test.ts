/** `scripts/ensure-build.js` in several processes at once, on a small project whose build takes until the test lets it end. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { cleanUp, temporaryFolder, until } from '../support/system.js'

const script = fileURLToPath(new URL('../../scripts/ensure-build.js', import.meta.url))

/** Half of the build is there until the file `go` is. */
const buildScript = `import { appendFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
appendFileSync('builds', '.')
mkdirSync('dist', { recursive: true })
writeFileSync('dist/worker.d.ts', '')
const looking = setInterval(() => {
  // The test is over, and its folder gone.
  if (!existsSync('build.js')) process.exit(1)
  if (!existsSync('go')) return
  clearInterval(looking)
  writeFileSync('dist/index.html', '')
}, 10)
`

const children = new Set<ChildProcess>()
test.after.each(async () => {
  for (const child of children) child.kill('SIGKILL')
  children.clear()
  await cleanUp()
})

function project() {
  const folder = temporaryFolder()
  for (const part of ['src', 'scripts']) mkdirSync(join(folder, part))
  for (const file of ['src/index.ts', 'scripts/build-dashboard.js', 'tsup.config.ts', 'tsconfig.json'])
    writeFileSync(join(folder, file), '')
  writeFileSync(join(folder, 'build.js'), buildScript)
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module', scripts: { build: 'node build.js' } }))
  return {
    builds: () => readFileSync(join(folder, 'builds'), 'utf8').length,
    letEnd: () => writeFileSync(join(folder, 'go'), ''),
    ensure: () => {
      const child = spawn(process.execPath, [script], { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
      children.add(child)
      const builder = { said: '', ended: '', kill: () => child.kill('SIGKILL') }
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        builder.said += text
      })
      // Not `close`: what a killed one had started still holds its pipe.
      child.once('exit', (code, signal) => {
        builder.ended = signal ?? String(code)
      })
      return builder
    },
  }
}

/** Waits until it has said something, because what it says depends on what it found. */
const spoken = (builder: { said: string }) => until(() => builder.said.includes('\n'), 'ensure-build says what it does')
const ended = (builder: { ended: string }) => until(() => builder.ended !== '', 'ensure-build ends')

test('of two processes at once one builds, and the other goes on when that build is whole', async () => {
  const { ensure, letEnd, builds } = project()
  const first = ensure()
  await spoken(first)
  const second = ensure()
  await spoken(second)
  letEnd()
  await ended(first)
  await ended(second)
  assert.match(second.said, 'waiting for it')
  assert.equal([first.ended, second.ended, builds()], ['0', '0', 1])
})

test('a process that was killed while it built keeps nobody from building', async () => {
  const { ensure, letEnd } = project()
  const first = ensure()
  await spoken(first)
  first.kill()
  await ended(first)
  assert.is(first.ended, 'SIGKILL')
  // What it had started still builds, and must not be done before the second one looks.
  const second = ensure()
  await spoken(second)
  letEnd()
  await ended(second)
  assert.match(second.said, 'building dist')
  assert.is(second.ended, '0')
})

test.run()
