/** Frames for the wire. Each is made once for all connections with the same topics, which get the same bytes. */

import { nextTurn, piecewise } from '../../time/turns.js'
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
  if (treePatches || !topics.has('tree') || !parts.has('tree')) return dataFrame(seq, at, parts, topics)
  const own = new Map(parts)
  const text = tree()
  if (text === null) own.delete('tree')
  else own.set('tree', text)
  return dataFrame(seq, at, own, topics)
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

function dataFrame(seq: number, at: number, parts: ReadonlyMap<string, string>, topics: ReadonlySet<Topic>): Buffer {
  const chosen = stateTopics.flatMap((topic) => (topics.has(topic) && parts.has(topic) ? [`"${topic}":${parts.get(topic)}`] : []))
  return Buffer.from(`{"type":"patch","seq":${seq},"at":${at},"data":{${chosen.join()}}}`)
}

/** The JSON text of each part of a state, each in some pieces. */
export type StateTexts = ReadonlyMap<Topic, Iterable<string>>

/** About so many characters of a frame are made in one turn of the event loop. */
const mostCharacters = 300_000

/** One state, with a cached frame for each choice of topics. A frame of thousands of workers is made in several turns of the event loop. */
export class StateFrames {
  readonly #texts: StateTexts
  readonly #seq: number
  readonly #at: number
  readonly #frames = new Map<string, Buffer | Promise<Buffer>>()
  readonly #later: KeptPatch[] = []
  /** Frames that are being made. */
  #making = 0

  constructor(texts: StateTexts, seq: number, at: number) {
    this.#texts = texts
    this.#seq = seq
    this.#at = at
  }

  /** The patches that came while frames were made: they follow the state. */
  get later(): readonly KeptPatch[] {
    return this.#later
  }

  for(topics: ReadonlySet<Topic>): Buffer | Promise<Buffer> {
    const name = topicsName(topics)
    const known = this.#frames.get(name)
    if (known) return known
    const made = this.#make(topics, (frame) => this.#frames.set(name, frame))
    this.#frames.set(name, made)
    return made
  }

  /** @returns false: nobody waits for a frame of this state, so it is out of date from now on */
  follow(patch: KeptPatch): boolean {
    if (this.#making === 0) return false
    this.#later.push(patch)
    return true
  }

  #make(topics: ReadonlySet<Topic>, keep: (frame: Buffer) => void): Buffer | Promise<Buffer> {
    const work = this.#pieces(topics)
    const first = work.next()
    if (first.done) return first.value
    this.#making++
    return nextTurn()
      .then(() => piecewise(work))
      .then((frame) => {
        this.#making--
        keep(frame)
        return frame
      })
  }

  *#pieces(topics: ReadonlySet<Topic>): Generator<void, Buffer, void> {
    const pieces = [Buffer.from(`{"type":"state","seq":${this.#seq},"at":${this.#at},"data":{`)]
    let separator = ''
    let characters = 0
    for (const topic of stateTopics) {
      const texts = this.#texts.get(topic)
      if (!topics.has(topic) || !texts) continue
      pieces.push(Buffer.from(`${separator}"${topic}":`))
      separator = ','
      for (const text of texts) {
        pieces.push(Buffer.from(text))
        characters += text.length
        if (characters < mostCharacters) continue
        characters = 0
        yield
      }
    }
    pieces.push(Buffer.from('}}'))
    return Buffer.concat(pieces)
  }
}

/** A key that is the same for the same state topics. */
function topicsName(topics: ReadonlySet<Topic>): string {
  return stateTopics.filter((topic) => topics.has(topic)).join()
}
