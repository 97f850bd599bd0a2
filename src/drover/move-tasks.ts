/** Moves tasks that match, in chunks. Those that must be looked for are found by the read pool, and moved by their keys. */
import type { EngineReply } from '../store/contract/engine.js'
import type { LaneFilter } from '../store/contract/registry.js'
import type { Moved, TaskName, TaskState } from '../store/contract/single-tasks.js'
import type { Reader } from '../store/read-pool/reader.js'
import { isSearch, type Match } from './task-match.js'

const keysAtOnce = 500
const namesAtOnce = 10_000

/** Moves the tasks of these keys, or some of all tasks: `more` says whether to ask again. */
type Move = (lanes: LaneFilter, keys: string[] | null) => Promise<Moved & { more?: boolean }>

export interface MoveMeans {
  reader: Reader
  /** Called with the workers whose lanes were changed. */
  changed: (workers: string[]) => Promise<void>
}

export class TaskMoves {
  readonly #means: MoveMeans

  constructor(means: MoveMeans) {
    this.#means = means
  }

  /** Moves tasks of a state that match. Notifies their workers even if it ends early. */
  async move(state: TaskState, match: Match, move: Move): Promise<number> {
    if (isSearch(match)) return this.found(state, match, move)
    return this.#changing((moved) => inChunks(match.filter, match.keys ?? null, move, moved))
  }

  /** As {@link move}, for tasks that must be looked for first: page by page, each lane's by their keys. */
  async found(state: TaskState, match: Match, move: Move): Promise<number> {
    return this.#changing(async (moved) => {
      for (let after: string | null | undefined = null; after !== undefined; ) {
        const page: EngineReply<'taskNames'> = await this.#means.reader.read('taskNames', { ...match, state, after, limit: namesAtOnce })
        for (const [lanes, keys] of byLane(page.rows)) await inChunks(lanes, keys, move, moved)
        after = page.next ?? undefined
      }
    })
  }

  async #changing(work: (moved: (some: Moved) => void) => Promise<void>): Promise<number> {
    const workers = new Set<string>()
    let count = 0
    try {
      await work((some) => {
        count += some.count
        for (const worker of some.workers) workers.add(worker)
      })
    } finally {
      if (workers.size > 0) await this.#means.changed([...workers])
    }
    return count
  }
}

async function inChunks(lanes: LaneFilter, keys: readonly string[] | null, move: Move, moved: (some: Moved) => void): Promise<void> {
  for (const some of keys ? chunks(keys) : [null]) {
    for (let more = true; more; ) {
      const reply = await move(lanes, some)
      moved(reply)
      more = reply.more ?? false
    }
  }
}

function byLane(names: readonly TaskName[]): Iterable<[LaneFilter, string[]]> {
  const lanes = new Map<string, [LaneFilter, string[]]>()
  for (const { key, dataset, annotator, domain } of names) {
    const id = JSON.stringify([dataset, annotator, domain])
    const known = lanes.get(id)
    if (known) known[1].push(key)
    else lanes.set(id, [{ dataset, annotator, domain }, [key]])
  }
  return lanes.values()
}

function chunks(keys: readonly string[]): string[][] {
  return Array.from({ length: Math.ceil(keys.length / keysAtOnce) }, (_, index) => keys.slice(index * keysAtOnce, (index + 1) * keysAtOnce))
}
