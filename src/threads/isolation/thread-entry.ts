/** Entry of a worker thread. */
import { workerData } from 'node:worker_threads'
import { BeatCell } from '../heartbeat/beats.js'
import type { ThreadBoot } from '../protocol/messages.js'
import { TasksInHand } from '../protocol/tasks-in-hand.js'
import { runWorker } from '../runtime/run-worker.js'

const { boot, store, control, reports, beats, inHand } = workerData as ThreadBoot
// Hides drover's data before any other code runs.
for (const name of Object.keys(workerData)) delete workerData[name]

await runWorker({
  boot,
  store,
  openPort: (port) => port as typeof store,
  control,
  beats: new BeatCell(beats.buffer, beats.index),
  inHand: new TasksInHand(inHand),
  report: (message) => reports.postMessage(message),
})
