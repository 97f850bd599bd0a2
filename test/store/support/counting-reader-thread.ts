/** A thread of the read pool that writes down beside the file what it is asked for. */
import { appendFileSync } from 'node:fs'
import { workerData } from 'node:worker_threads'
import read, { type ReadAnswer, type ReadTask } from '../../../src/store/read-pool/reader-thread.js'

export default function counted(task: ReadTask): ReadAnswer {
  // As in reader-thread.ts: piscina puts the pool's workerData second.
  const { file } = (Array.isArray(workerData) ? workerData[1] : workerData) as { file: string }
  appendFileSync(`${file}.reads`, `${task.op}\n`)
  return read(task)
}
