/** Frames for the wire. Each is made once for all connections with the same topics, which get the same bytes. */
import { type LivePatch, type LiveState, type ServerMessage, stateTopics, type Topic } from '../contract/socket.js'
import type { KeptPatch } from './ring.js'

export function frame(message: ServerMessage): Buffer {
  return Buffer.from(JSON.stringify(message))
}

/** The JSON text of each part, so that any choice of topics can be joined from them. */
export function partsOf(data: LivePatch | LiveState): Map<string, string> {
  return new Map(stateTopics.flatMap((topic) => (data[topic] === undefined ? [] : [[topic, JSON.stringify(data[topic])]])))
}

/** What a connection wants of a patch. */
export interface Wanted {
  topics: ReadonlySet<Topic>
  treePatches: boolean
}

/** @param tree the text of the whole tree, for connections that do not understand its patches; null: leave it out */
export function patchFrame({ seq, at, parts }: KeptPatch, { topics, treePatches }: Wanted, tree: () => string | null): Buffer {
  if (treePatches || !topics.has('tree') || !parts.has('tree')) return dataFrame('patch', seq, at, parts, topics)
  const own = new Map(parts)
  const text = tree()
  if (text === null) own.delete('tree')
  else own.set('tree', text)
  return dataFrame('patch', seq, at, own, topics)
}

/** One patch, with a cached frame for each choice of topics. */
export class PatchFrames {
  readonly #patch: KeptPatch
  readonly #tree: () => string
  readonly #frames = new Map<string, Buffer>()

  /** @param tree the text of the whole tree after it */
  constructor(patch: KeptPatch, tree: () => string) {
    this.#patch = patch
    this.#tree = tree
  }

  /** @returns null: it has no topic that is a part of the state */
  for(wanted: Wanted): Buffer | null {
    const topics = topicsName(wanted.topics)
    if (topics === '') return null
    const name = `${topics} ${wanted.treePatches}`
    const made = this.#frames.get(name) ?? patchFrame(this.#patch, wanted, this.#tree)
    this.#frames.set(name, made)
    return made
  }
}

function dataFrame(
  type: 'patch' | 'state',
  seq: number,
  at: number,
  parts: ReadonlyMap<string, string>,
  topics: ReadonlySet<Topic>,
): Buffer {
  const chosen = stateTopics.flatMap((topic) => (topics.has(topic) && parts.has(topic) ? [`"${topic}":${parts.get(topic)}`] : []))
  return Buffer.from(`{"type":"${type}","seq":${seq},"at":${at},"data":{${chosen.join()}}}`)
}

/** One state, with a cached frame for each choice of topics. */
export class StateFrames {
  readonly #parts: ReadonlyMap<string, string>
  readonly #seq: number
  readonly #at: number
  readonly #frames = new Map<string, Buffer>()

  /** @param parts the JSON text of each part */
  constructor(parts: ReadonlyMap<string, string>, seq: number, at: number) {
    this.#parts = parts
    this.#seq = seq
    this.#at = at
  }

  for(topics: ReadonlySet<Topic>): Buffer {
    const name = topicsName(topics)
    const made = this.#frames.get(name)
    if (made) return made
    const frame = dataFrame('state', this.#seq, this.#at, this.#parts, topics)
    this.#frames.set(name, frame)
    return frame
  }
}

/** A key that is the same for the same state topics. */
function topicsName(topics: ReadonlySet<Topic>): string {
  return stateTopics.filter((topic) => topics.has(topic)).join()
}
