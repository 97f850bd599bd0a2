import type { SenderLimits } from './bounded-sender.js'

export interface HubOptions extends Partial<SenderLimits> {
  /** Time between pings. @defaultValue 25_000 */
  pingMs?: number
  /** How many patches are kept for connections that come back. @defaultValue 1_000 */
  keepPatches?: number
  /** The most characters of kept patches. @defaultValue 4_194_304 */
  keepCharacters?: number
  /** Age of a beat from which clients of protocol 1 see a worker as stale. @defaultValue 120_000 */
  staleMs?: number
  /** Whether clients of protocol 1 expect the time left as a text, as in wrapped answers. @defaultValue false */
  wrapped?: boolean
}

export const hubDefaults: Required<HubOptions> = {
  pingMs: 25_000,
  maxBufferedBytes: 1_048_576,
  drainMs: 10_000,
  keepPatches: 1_000,
  keepCharacters: 4_194_304,
  staleMs: 120_000,
  wrapped: false,
}
