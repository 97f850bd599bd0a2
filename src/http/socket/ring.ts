/** The latest patches, for connections that come back. Bounded by number and by size. */

/** One sent patch: the JSON text of each changed part. */
export interface KeptPatch {
  seq: number
  at: number
  parts: ReadonlyMap<string, string>
}

export class PatchRing {
  readonly #count: number
  readonly #bytes: number
  readonly #patches: KeptPatch[] = []
  #held = 0

  /** @param bytes characters of JSON, which are mostly ASCII */
  constructor(count: number, bytes: number) {
    this.#count = count
    this.#bytes = bytes
  }

  add(patch: KeptPatch): void {
    this.#patches.push(patch)
    this.#held += sizeOf(patch)
    while (this.#patches.length > this.#count || this.#held > this.#bytes) this.#held -= sizeOf(this.#patches.shift() as KeptPatch)
  }

  /** All patches after `seq`; null if some of them are no longer held. `latest` is the number of the last patch. */
  after(seq: number, latest: number): readonly KeptPatch[] | null {
    if (seq > latest) return null
    if (seq === latest) return []
    const first = this.#patches[0]
    return first && first.seq <= seq + 1 ? this.#patches.slice(seq + 1 - first.seq) : null
  }
}

function sizeOf({ parts }: KeptPatch): number {
  let size = 0
  for (const text of parts.values()) size += text.length
  return size
}
