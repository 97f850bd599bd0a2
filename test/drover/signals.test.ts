import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { RunReport } from '../../src/drover/run-report.js'
import { createDrover } from '../../src/index.js'
import { hangMs } from '../support/hang.js'
import { cleanUp, temporaryFolder } from '../support/system.js'

const children: ChildProcess[] = []
test.after.each(async () => {
  for (const child of children.splice(0)) if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
  await cleanUp()
})

const fixture = fileURLToPath(new URL('../fixtures/signalled.js', import.meta.url))
/** A program in a process of its own. */
function begin(program: string, everyMs = 20) {
  const store = join(temporaryFolder(), 'test.db')
  const child = spawn(process.execPath, [fixture, program, store, String(everyMs)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.push(child)
  let stderr = ''
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  const said = new Map<string, unknown>()
  const waiting = new Map<string, () => void>()
  createInterface({ input: child.stdout }).on('line', (line) => {
    const [what, more] = JSON.parse(line) as [string, unknown]
    said.set(what, more)
    waiting.get(what)?.()
  })
  const hung = (what: string): Error => new Error(`${program}: ${what}; it said ${JSON.stringify([...said])}\n${stderr}`)
  const within = <T>(what: string, make: (resolve: (value: T) => void, reject: (error: Error) => void) => void): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      const timer = setTimeout(() => reject(hung(what)), hangMs)
      make(
        (value) => {
          clearTimeout(timer)
          resolve(value)
        },
        (error) => {
          clearTimeout(timer)
          reject(error)
        },
      )
    })
  const exited = within<{ code: number | null; signal: string | null }>('it does not end', (resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal }))
  })
  exited.catch(() => {})
  return {
    store,
    child,
    said,
    stderr: () => stderr,
    hears: (what: string) =>
      within<void>(`it never said ${what}`, (resolve, reject) => {
        if (said.has(what)) return resolve()
        waiting.set(what, resolve)
        child.on('close', () => reject(hung(`it ended before it said ${what}`)))
      }),
    exited,
  }
}

/** Rows that are in a store when its program has ended. */
async function rowsIn(store: string): Promise<number> {
  const drover = await createDrover({
    store,
    workers: [{ id: 'a/x', module: new URL('../fixtures/puppet.worker.js', import.meta.url), dataset: 'data' }],
    log: { console: false, dir: false },
  })
  let rows = 0
  for await (const _ of drover.results()) rows++
  await drover.close()
  return rows
}

interface Read {
  rows: number
  dead: number
  exported: number
  labels: number
}

for (const [program, signal, code] of [
  ['readme', 'SIGINT', 130],
  ['readme', 'SIGTERM', 143],
  ['slow', 'SIGINT', 130],
  ['forgetful', 'SIGINT', 130],
  ['whole', 'SIGTERM', 143],
] as const) {
  test(`${signal} in the ${program} program: done() says interrupted, every row that was committed can be read, and it ends with ${code}`, async () => {
    const host = begin(program)
    await host.hears('progress')
    host.child.kill(signal)
    assert.equal(await host.exited, { code, signal: null }, host.stderr())
    const report = host.said.get('report') as RunReport
    assert.equal([report.interrupted, report.ok], [true, false])
    assert.equal(
      report.incomplete.map(({ worker, why }) => [worker, why]),
      [
        ['a/x', `stopped: interrupted by ${signal}`],
        ['b/x', `stopped: interrupted by ${signal}`],
      ],
    )
    const { rows, exported, dead, labels } = host.said.get('read') as Read
    assert.equal([rows, exported, dead, labels > 0], [report.results, report.results, report.dead, true])
    assert.is(await rowsIn(host.store), report.results)
    assert.ok(existsSync(`${host.store}.end`), 'the program came to its end')
    assert.is(host.stderr(), '')
  })
}

for (const program of ['loading', 'stalled'] as const) {
  test(`a signal while a source is ${program}: load reports interrupted, nothing starts, and the program ends`, async () => {
    const host = begin(program)
    await host.hears('loading')
    host.child.kill('SIGINT')
    assert.equal(await host.exited, { code: 130, signal: null }, host.stderr())
    const loaded = host.said.get('loaded') as { added: number; interrupted: boolean }
    assert.equal([loaded.interrupted, loaded.added > 2], [true, true])
    const report = host.said.get('report') as RunReport
    assert.equal([report.interrupted, report.results, report.incomplete[0]?.left], [true, 0, loaded.added])
    assert.ok(existsSync(`${host.store}.end`))
  })
}

test('a program that never asks for the end is closed once its work is drained', async () => {
  const host = begin('server')
  await host.hears('progress')
  host.child.kill('SIGTERM')
  assert.equal(await host.exited, { code: 143, signal: null }, host.stderr())
  assert.equal(
    ['closing', 'closed'].map((state) => host.said.has(state)),
    [true, true],
  )
})

test('a program that stays after its work is done is closed', async () => {
  const host = begin('stays', 0)
  await host.hears('done')
  host.child.kill('SIGINT')
  assert.equal(await host.exited, { code: 130, signal: null }, host.stderr())
  assert.ok(existsSync(`${host.store}.end`))
})

test('a signal while results are read: they are read to their end', async () => {
  const host = begin('reader', 0)
  await host.hears('reading')
  host.child.kill('SIGINT')
  assert.equal(await host.exited, { code: 130, signal: null }, host.stderr())
  assert.is((host.said.get('read') as Read).rows, 798)
})

test('a second signal ends the process at once, whatever is in hand', async () => {
  const host = begin('readme', 100_000)
  await host.hears('running')
  host.child.kill('SIGINT')
  await host.hears('stopping')
  host.child.kill('SIGINT')
  assert.equal(await host.exited, { code: 130, signal: null }, host.stderr())
  assert.not(host.said.has('report'))
})

test('a system that is closed leaves no handler behind, and the next signal ends the process', async () => {
  const host = begin('closed')
  await host.hears('closed')
  assert.is(host.said.get('handlers'), 0)
  host.child.kill('SIGTERM')
  assert.equal(await host.exited, { code: null, signal: 'SIGTERM' })
})

test.run()
