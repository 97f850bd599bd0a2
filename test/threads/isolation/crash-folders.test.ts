/** Where the crash file of a worker process is made: in a container, the root is often read-only. */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { checkCrashFolders } from '../../../src/threads/isolation/crash-file.js'
import { hangMs } from '../../support/hang.js'
import { canUnshare } from '../../support/namespaces.js'
import { cleanUp, temporaryFolder } from '../../support/system.js'

test.after.each(cleanUp)

/** Runs its arguments with all folders read-only, except the one in `$KEPT`. */
const readOnly = `
  mount --bind "$KEPT" "$KEPT"
  for folder in /tmp /dev/shm; do mount --bind $folder $folder; mount --bind "$KEPT" "$KEPT"; mount -o remount,bind,ro $folder; done
  mount -o remount,bind,ro /
  exec "$@"`

/** @returns what a host whose root is read-only printed */
function runReadOnly(host: URL, kept: string, ...args: string[]): { output: string; status: number | null } {
  const wrapped = ['--mount', 'sh', '-ec', readOnly, 'sh', process.execPath, ...process.execArgv, fileURLToPath(host), ...args]
  const { stdout, stderr, status } = spawnSync('unshare', wrapped, {
    encoding: 'utf8',
    env: { ...process.env, KEPT: kept, TMPDIR: '/tmp' },
    timeout: hangMs,
  })
  return { output: stdout + stderr, status }
}

/** It runs a worker with a process of its own. */
const processHost = new URL('../../fixtures/process-host.js', import.meta.url)
const changingHost = new URL('../../fixtures/changing-host.js', import.meta.url)

if (canUnshare(['--mount'])) {
  test('a worker with a process of its own runs where only the folder of the store can be written', () => {
    const kept = temporaryFolder()
    const { output, status } = runReadOnly(processHost, kept, join(kept, 'test.db'))
    assert.equal([status, output.trim()], [0, '3 results'])
    assert.equal(
      readdirSync(kept).filter((name) => !name.startsWith('test.db')),
      [],
    )
  })

  test('where no folder can be written, a system with such a worker is refused as it is made, and told which folders were tried', () => {
    const { output, status } = runReadOnly(processHost, temporaryFolder(), ':memory:')
    assert.is(status, 1, output)
    assert.match(output, /HOST_SHORT isolation: 'process' needs a folder .*: \/tmp \(EROFS\), \/dev\/shm \(EROFS\); let TMPDIR name/)
  })

  test('there add and update are refused too, nothing is changed or stored, and the worker runs on in its thread', () => {
    const { output, status } = runReadOnly(changingHost, temporaryFolder())
    assert.is(status, 0, output)
    const [add, update, run] = output.split('\n')
    for (const line of [add, update])
      assert.match(line ?? '', /: HOST_SHORT isolation: 'process' needs a folder .*; workers a\/x; kept $/, output)
    assert.is(run, '3 results')
  })
}

test('the folders are tried in turn, and an error names each with its reason', () => {
  const folder = temporaryFolder()
  checkCrashFolders([join(folder, 'none'), folder])
  assert.equal(readdirSync(folder), [])
  const none = join(folder, 'none')
  assert.throws(
    () => checkCrashFolders([none, join(folder, 'other')]),
    (error: { code: string; message: string; cause: { code: string } }) =>
      error.code === 'HOST_SHORT' && error.message.includes(`${none} (ENOENT)`) && error.cause.code === 'ENOENT',
  )
  assert.not.ok(existsSync(none))
})

test.run()
