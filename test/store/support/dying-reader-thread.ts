/** A thread of the read pool that ends whenever it is asked for labels, and leaves a mark in the folder that stands for its file. */
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { workerData } from 'node:worker_threads'
import type { ReadAnswer, ReadTask } from '../../../src/store/read-pool/reader-thread.js'

export default function read({ op }: ReadTask): ReadAnswer {
  if (op !== 'labels') return { ok: true, value: { rows: [], next: null } }
  // As in reader-thread.ts: piscina puts the pool's workerData second.
  const { file } = (Array.isArray(workerData) ? workerData[1] : workerData) as { file: string }
  appendFileSync(join(file, 'deaths'), 'x')
  process.exit(1)
}
