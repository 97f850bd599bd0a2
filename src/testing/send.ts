/** Sends an answer completely, or with a fault of the connection. */
import type { ServerResponse } from 'node:http'
import type { Clock } from './clock.js'

export interface Outgoing {
  status: number
  headers: Record<string, string>
  /** One, or those of a stream. */
  pieces: readonly string[]
}

/** Number of pieces of a slow body. */
const slowPieces = 10

/**
 * Sends it as it should be.
 *
 * @param ending called right before the last byte, so that an answered request is already recorded
 */
export function send(response: ServerResponse, { status, headers, pieces }: Outgoing, ending: () => void): void {
  const [only] = pieces
  const length = pieces.length === 1 && only !== undefined ? { 'content-length': String(Buffer.byteLength(only)) } : {}
  response.writeHead(status, { ...headers, ...length })
  for (const piece of pieces.slice(0, -1)) response.write(piece)
  ending()
  response.end(pieces.at(-1))
}

/** Sends half of it, then cuts the connection. */
export function sendCut(response: ServerResponse, { status, headers, pieces }: Outgoing, ending: () => void): void {
  const body = Buffer.from(pieces.join(''))
  response.writeHead(status, { ...headers, ...(pieces.length === 1 && { 'content-length': String(body.length) }) })
  ending()
  response.write(body.subarray(0, Math.floor(body.length / 2)), () => response.destroy())
}

/** Sends it in pieces over a time of the clock; not to the end if the client leaves. */
export function sendSlowly(
  response: ServerResponse,
  { status, headers, pieces }: Outgoing,
  ending: () => void,
  clock: Clock,
  overMs: number,
): void {
  const body = Buffer.from(pieces.join(''))
  response.writeHead(status, { ...headers, ...(pieces.length === 1 && { 'content-length': String(body.length) }) })
  response.flushHeaders()
  const size = Math.ceil(body.length / slowPieces)
  let sent = 0
  const wait = (): (() => void) => clock.after(overMs / slowPieces, next)
  const next = (): void => {
    const piece = body.subarray(sent * size, (sent + 1) * size)
    if (++sent === slowPieces) {
      ending()
      response.end(piece)
      return
    }
    response.write(piece)
    cancel = wait()
  }
  let cancel = wait()
  response.once('close', () => cancel())
}
