/** Where a worker thread begins. */
import { parentPort, workerData } from 'node:worker_threads'
import { BeatSlot } from './beats.js'
import { Hands } from './hands.js'
import type { ThreadBoot } from './protocol.js'
import { work } from './work.js'

const { boot, store, control, beats, hands } = workerData as ThreadBoot

await work({
  boot,
  store,
  openStore: (port) => port as typeof store,
  control,
  beats: new BeatSlot(beats.buffer, beats.index),
  hands: new Hands(hands),
  report: (message) => parentPort?.postMessage(message),
})
