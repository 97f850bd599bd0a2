/**
 * The store thread with the clock and the hosts of a test's world. Each time the world begins anew it goes on with a new file:
 * starting a thread for each test would take most of their time.
 */
import { getEnvironmentData, workerData } from 'node:worker_threads'
import { openSqliteEngine, type SqliteEngine } from '../../../src/store/sqlite/engine.js'
import type { StoreBoot } from '../../../src/store/thread/messages.js'
import { StoreMeter } from '../../../src/store/thread/meter.js'
import { serveStore } from '../../../src/store/thread/server.js'
import { newStore } from './new-store.js'
import { World } from './world.js'

const { port, meter, ...options } = workerData as StoreBoot
const world = new World(getEnvironmentData('drover.test.world') as SharedArrayBuffer)

function open(): SqliteEngine {
  const file = `${options.file}.${world.age}`
  newStore(file)
  return openSqliteEngine({ ...options, file, now: world.now, isGone: world.isGone })
}

let engine = open()
let age = world.age
serveStore(
  port,
  () => ({
    execute(calls) {
      if (age !== world.age) {
        engine.close()
        engine = open()
        age = world.age
      }
      return engine.execute(calls)
    },
    takeTouched: (most) => engine.takeTouched(most),
    changedElsewhere: () => engine.changedElsewhere(),
    damage: () => engine.damage(),
    written: () => engine.written(),
    mark: () => engine.mark(),
    serveQuotas: () => engine.serveQuotas(),
    quotasDue: () => engine.quotasDue(),
    quotasDueInMs: () => engine.quotasDueInMs(),
    takeQuotaDecisions: () => engine.takeQuotaDecisions(),
    close: () => engine.close(),
  }),
  new StoreMeter(meter),
)
