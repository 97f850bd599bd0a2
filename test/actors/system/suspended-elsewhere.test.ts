/** Two hosts that cannot see each other's processes, as in two containers: only signs of life tell them who is there. */
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { closeWhenDone, drive, endHosts, stopBetweenTransactions } from '../../support/driven-hosts.js'
import { said } from '../../support/kill-rounds.js'
import { canUnshare } from '../../support/namespaces.js'
import { cleanUp, collect, items, open, temporaryFolder, until, worker } from '../../support/system.js'

test.after.each(endHosts)
test.after.each(cleanUp)

/** After its last sign of life. */
const hostTtlMs = 8_000
const alone = ['--pid', '--fork', '--kill-child']
const run = canUnshare(alone) ? test : test.skip

run(
  'what a host holds that is suspended in another container is taken after a while; when it goes on it loses it, and nothing is doubled',
  async () => {
    const store = join(temporaryFolder(), 'test.db')
    const orders = { store, hostTtlMs, workers: [{ id: 'a/x', dataset: 'data', input: { everyMs: 20 } }], load: { data: items(400) } }
    // This process sees the other one's, but not as one of its own namespace.
    const host = drive(orders, {}, ['unshare', ...alone])
    const { pid } = await said<{ at: string; pid: number }>(host, 'open')
    const inside = (): number => Number(execFileSync('pgrep', ['-P', String(host.pid)], { encoding: 'utf8' }))
    assert.is.not(pid, inside())
    await said(host, 'a/x running')
    const began = performance.now()
    await stopBetweenTransactions(store, inside())
    const second = await open({ store, workers: [worker('a/x', { input: { everyMs: 20 } })] })
    const [outcome] = await second.start()
    assert.match(outcome?.message ?? '', /^waits: held by another host/)
    await until(() => second.worker('a/x').status().state === 'running', 'the second host has taken the worker')
    assert.ok(performance.now() - began > hostTtlMs / 2, 'it was taken too early')
    closeWhenDone(host)
    const exited = once(host, 'exit')
    process.kill(inside(), 'SIGCONT')
    assert.is((await second.done()).results, 400)
    await exited
    const keys = (await collect(second.results())).map(({ key }) => key)
    assert.is(keys.length, 400)
    assert.is(new Set(keys).size, 400)
    assert.equal(
      (await second.failures()).map(({ failure }) => failure.kind),
      ['orphaned'],
    )
  },
)

test.run()
