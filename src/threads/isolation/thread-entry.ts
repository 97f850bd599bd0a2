/** Where a worker thread begins. */
import { workerData } from 'node:worker_threads'
import { BeatSlot } from '../heartbeat/beats.js'
import type { ThreadBoot } from '../protocol/messages.js'
import { Hands } from '../protocol/tasks-in-hand.js'
import { work } from '../runtime/work.js'

const { boot, store, control, reports, beats, hands } = workerData as ThreadBoot
// What is drover's is out of reach before anybody else's code is there.
for (const name of Object.keys(workerData)) delete workerData[name]

await work({
  boot,
  store,
  openStore: (port) => port as typeof store,
  control,
  beats: new BeatSlot(beats.buffer, beats.index),
  hands: new Hands(hands),
  report: (message) => reports.postMessage(message),
})
