/**
 * A process with an engine of its own, for tests that end it from outside. `open FILE`: opens the file and prints what came of
 * it. `work FILE`: takes 4 tasks at a time, completes 3 of them, and prints a line for every round. `redo FILE`: completes all tasks with
 * the number of the attempt, redoes them all, and prints a line for every round.
 */
import { writeSync } from 'node:fs'
import { DroverError } from '../../../src/errors.js'
import { hostIdentity } from '../../../src/store/host-identity.js'
import { openSqliteEngine } from '../../../src/store/sqlite/engine.js'
import { worker } from './desk.js'

const [, , mode, file = ''] = process.argv

function open(): void {
  try {
    openSqliteEngine({ file, durability: 'power', keepEvents: 10 }).close()
    process.stdout.write('opened')
  } catch (error) {
    process.stdout.write(DroverError.is(error) ? error.code : String(error))
  }
}

function begin() {
  const engine = openSqliteEngine({ file, durability: 'power', keepEvents: 10 })
  const host = hostIdentity()
  engine.join({ host })
  const acquired = engine.acquire({ worker, host: host.id })
  if (!('fence' in acquired)) throw new Error('the worker is held')
  return { engine, ask: { worker, fence: acquired.fence } }
}

function work(): void {
  const { engine, ask } = begin()
  for (let request = 1; ; request += 2) {
    const { leases } = engine.exchange({ ...ask, request, outcomes: [], want: 4 })
    const outcomes = leases.tokens.slice(0, 3).map((token) => ({ do: 'complete', token, value: '1' }) as const)
    const { settled } = engine.exchange({ ...ask, request: request + 1, outcomes, want: 0 })
    writeSync(1, `${settled.length}\n`)
    if (settled.length === 0) return
  }
}

function redo(): void {
  const { engine, ask } = begin()
  for (let request = 1; ; request += 2) {
    const { tokens, attempts, keys } = engine.exchange({ ...ask, request, outcomes: [], want: 100 }).leases
    const outcomes = tokens.map((token, index) => ({ do: 'complete', token, value: `${attempts[index]}` }) as const)
    engine.exchange({ ...ask, request: request + 1, outcomes, want: 0 })
    writeSync(1, `${engine.redo({ filter: {}, keys, call: `round ${request}` }).count}\n`)
  }
}

if (mode === 'open') open()
else if (mode === 'redo') redo()
else work()
