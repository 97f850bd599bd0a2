/** Messages of one turn of the event loop, sent together; large ones alone. */
import type { Port } from '../../ports/port.js'

/** Bodies of this size travel alone: copying them together with others costs more than a message. */
const largeBytes = 16_384
/** How many fields of a body are looked at. */
const mostFields = 16

/** Whether a body is large, as far as that is quickly seen. */
export function isLarge(body: unknown): boolean {
  if (isLargeValue(body)) return true
  if (typeof body !== 'object' || body === null) return false
  let seen = 0
  for (const key in body) {
    if (seen++ === mostFields) return false
    // A getter would be called twice.
    if (isLargeValue(Object.getOwnPropertyDescriptor(body, key)?.value)) return true
  }
  return false
}

function isLargeValue(value: unknown): boolean {
  if (typeof value === 'string') return value.length >= largeBytes
  if (typeof value !== 'object' || value === null) return false
  if (Array.isArray(value)) return value.length >= largeBytes / 8
  return (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) && value.byteLength >= largeBytes
}

/**
 * Sends messages together. If one cannot be copied, sends them one by one.
 *
 * @param size fields of a message
 * @param refused gets the fields of each one that cannot be copied
 */
export function post(port: Port, fields: unknown[], size: number, refused: (fields: unknown[], error: unknown) => void): void {
  try {
    port.postMessage(fields)
  } catch (error) {
    if (fields.length === size) {
      refused(fields, error)
      return
    }
    for (let from = 0; from < fields.length; from += size) post(port, fields.slice(from, from + size), size, refused)
  }
}

interface BatchMeans {
  port: Port
  /** Fields of a message. */
  size: number
  refused: (fields: unknown[], error: unknown) => void
  /** Called before messages are sent, to add more. */
  sending?: () => void
}

/** Collects the messages of one turn for one link. */
export class Batch {
  readonly #means: BatchMeans
  #fields: unknown[] = []
  #isDue = false

  constructor(means: BatchMeans) {
    this.#means = means
  }

  /** @param large it is sent alone, at once */
  add(large: boolean, ...fields: unknown[]): void {
    if (large) {
      this.flush()
      post(this.#means.port, fields, this.#means.size, this.#means.refused)
      return
    }
    this.#fields.push(...fields)
    this.due()
  }

  /** Sends at the end of this turn. */
  due(): void {
    if (this.#isDue) return
    this.#isDue = true
    queueMicrotask(() => this.flush())
  }

  flush(): void {
    const { port, size, refused, sending } = this.#means
    sending?.()
    this.#isDue = false
    const fields = this.#fields
    if (fields.length === 0) return
    this.#fields = []
    post(port, fields, size, refused)
  }

  /** @returns the fields that were not sent yet; they will not be */
  takeBack(): unknown[] {
    return this.#fields.splice(0)
  }
}
