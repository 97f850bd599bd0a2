/** The built package beside a better-sqlite3 that was compiled on a Node.js whose headers make it abort. */
import { execFileSync, spawnSync } from 'node:child_process'
import { appendFileSync, cpSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { root } from '../docs/markdown.js'
import { hangMs } from '../support/hang.js'
import { cleanUp, temporaryFolder } from '../support/system.js'

// Not in a hook: uvu takes a failing hook for a success.
execFileSync(process.execPath, ['scripts/ensure-build.js'], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })

test.after.each(cleanUp)

/** An installation with the addon of this checkout as version 12 and one more name in its file: it could still be loaded. */
function install(): string {
  const folder = temporaryFolder()
  const packages = join(folder, 'node_modules')
  const ours = dirname(createRequire(import.meta.url).resolve('better-sqlite3/package.json'))
  const bad = join(packages, 'better-sqlite3')
  mkdirSync(join(packages, 'drover'), { recursive: true })
  for (const part of ['dist', 'package.json']) symlinkSync(join(root, part), join(packages, 'drover', part))
  for (const name of readdirSync(dirname(ours)))
    if (!existsSync(join(packages, name)) && name !== 'better-sqlite3') symlinkSync(join(dirname(ours), name), join(packages, name))
  for (const part of ['lib', 'build/Release/better_sqlite3.node']) cpSync(join(ours, part), join(bad, part), { recursive: true })
  writeFileSync(join(bad, 'package.json'), JSON.stringify({ name: 'better-sqlite3', version: '12.11.1', main: 'lib/index.js' }))
  appendFileSync(join(bad, 'build/Release/better_sqlite3.node'), 'RemoveEnvironmentCleanupHook')
  return folder
}

const main = `import { createDrover } from 'drover'
const said = ({ code, message }) => console.log(code, message)
await createDrover({ store: 'test.db', workers: [], log: { console: false, dir: false } }).then((drover) => drover.close(), said)
`

test('createDrover refuses it with the way out before it is loaded, and makes no file', () => {
  const folder = install()
  writeFileSync(join(folder, 'main.mjs'), main)
  // What is linked is found where the link is, and looks for packages there.
  const where = ['--preserve-symlinks', '--preserve-symlinks-main']
  const { stdout, stderr, status } = spawnSync(process.execPath, [...where, 'main.mjs'], { cwd: folder, encoding: 'utf8', timeout: hangMs })
  assert.match(stdout, /^STORE_FAILED .*better-sqlite3 12\.11\.1 on Node\.js .* would abort the process within seconds/, stdout + stderr)
  assert.match(stdout, 'npm install better-sqlite3@13')
  assert.is(status, 0, stderr)
  assert.equal(
    readdirSync(folder).filter((name) => name.startsWith('test.db')),
    [],
  )
})

test.run()
