/** A thread of the read pool: answers reads on its own read-only connection. */
import { workerData } from 'node:worker_threads'
import type Database from 'better-sqlite3'
import { type ErrorRecord, toErrorRecord } from '../../errors.js'
import type { EngineRequest, ReadOp } from '../contract/engine.js'
import { openReader } from '../sqlite/open.js'
import { type Reads, reads } from '../sqlite/reads/reads.js'
import { storeFailure } from '../sqlite/sqlite-errors.js'

/** A read: an operation and its request. */
export interface ReadTask {
  op: ReadOp
  request: EngineRequest<ReadOp>
}

/** Errors travel as data: the pool would lose their code. */
export type ReadAnswer = { ok: true; value: unknown } | { ok: false; error: ErrorRecord }

let connection: { db: Database.Database; reads: Reads } | null = null

/** @throws if the file cannot be opened from here */
export default function read({ op, request }: ReadTask): ReadAnswer {
  connection ??= connect()
  try {
    return { ok: true, value: (connection.reads[op] as (request: EngineRequest<ReadOp>) => unknown)(request) }
  } catch (error) {
    return { ok: false, error: toErrorRecord(storeFailure(error)) }
  }
}

function connect(): NonNullable<typeof connection> {
  // Piscina puts the pool's workerData second.
  const { file } = (Array.isArray(workerData) ? workerData[1] : workerData) as { file: string }
  const db = openReader(file)
  return { db, reads: reads(db) }
}
