/**
 * What happens in a soak, as lines of one file that the threads, the hosts and the one who kills them append to. Appending is atomic, so
 * the file has one order for all of them, also where clocks and processes differ; every check is made on it.
 */
import { openSync, readSync, writeSync } from 'node:fs'
import type { DeadTask, Failure, WorkerState } from '../../src/index.js'
import type { QuietReading } from './reading.js'

/** Names a thread: of a host's pid, its thread id. */
export interface ThreadName {
  pid: number
  thread: number
}

type Noted =
  /** A host has opened its system. */
  | { k: 'host'; pid: number; workers: { worker: string; state: WorkerState; done: number }[] }
  /** A host's process has ended. */
  | { k: 'gone'; pid: number }
  /** A host made a thread for a worker. */
  | ({ k: 'spawn'; worker: string } & ThreadName)
  /** It is gone. */
  | ({ k: 'exit' } & ThreadName)
  /** The thread's own words: `setup` has run. */
  | ({ k: 'setup'; worker: string } & ThreadName)
  /** What the store gave a host for a thread of a worker. */
  | { k: 'fence'; worker: string; fence: number }
  /** The thread's own words: it begins with a task. */
  | ({ k: 'start'; worker: string; key: string; attempt: number } & ThreadName)
  | {
      k: 'state'
      pid: number
      /** Counts a host's states; see `stored`. */
      seq: number
      worker: string
      from: WorkerState
      to: WorkerState
      reason: string
      until: number | null
      failure: Pick<Failure, 'kind' | 'uptimeMs' | 'message' | 'tasks'> | null
    }
  /** All states of the host up to this one are in the store: they must outlive it. */
  | { k: 'stored'; pid: number; seq: number }
  /** A call that gave a worker up was answered: from here on it must be down, also under the next host. */
  | { k: 'blacklisted'; worker: string }
  /** A stop by hand was answered, and no start was asked for meanwhile: from here on it has no thread. */
  | { k: 'stopped'; worker: string }
  /** A start by hand is asked for; null: of all. */
  | { k: 'started'; worker: string | null }
  /** A system was closed, which took so long. */
  | { k: 'closed'; ms: number }
  /** A limit is in force; group null: that for all. */
  | { k: 'limit'; group: string | null; limit: number }
  /** Results by worker, as events tell. */
  | { k: 'counts'; done: Record<string, number> }
  /** Everything stands still, and this is left. */
  | { k: 'quiet'; pid: number; slots: number; leased: Record<string, number>; done: Record<string, number>; reading: QuietReading }
  /** Items with these numbers are in the dataset. */
  | { k: 'loaded'; dataset: string; from: number; to: number }
  /** A look at all results and dead tasks, which follow. */
  | { k: 'snapshot'; still: boolean }
  | ({ k: 'result'; worker: string; key: string; attempt: number } & ThreadName)
  | { k: 'dead'; worker: string; key: string; kind: DeadTask['kind']; attempt: number }
  | { k: 'seen'; done: Record<string, number> | null }
  /** Something that must not be: an error in the log, a rejection, a call without an answer. */
  | { k: 'trouble'; message: string }
  /** A decision of the plan was carried out. */
  | { k: 'step'; n: number; step: object }
  | { k: 'finished' }

/** `at`: ms since the epoch, by the clock of whoever wrote it. */
export type Note = Noted & { at: number }

const now = (): number => performance.timeOrigin + performance.now()

/** Something to write notes with: they are in the file when it returns. */
export function noter(file: string): (note: Noted) => void {
  const fd = openSync(file, 'a')
  return (note) => void writeSync(fd, `${JSON.stringify({ ...note, at: now() })}\n`)
}

/** Something to read what was added since the last time. */
export function noteReader(file: string): () => Note[] {
  const fd = openSync(file, 'r')
  const chunk = Buffer.alloc(1 << 20)
  let rest: Buffer = Buffer.alloc(0)
  return () => {
    const notes: Note[] = []
    for (let size = readSync(fd, chunk); size > 0; size = readSync(fd, chunk)) {
      const bytes = Buffer.concat([rest, chunk.subarray(0, size)])
      const end = bytes.lastIndexOf(10) + 1
      rest = bytes.subarray(end)
      for (const line of bytes.subarray(0, end).toString().split('\n')) if (line !== '') notes.push(JSON.parse(line) as Note)
    }
    return notes
  }
}
