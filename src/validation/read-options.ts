import { checkSignal } from './arguments.js'

/** How a read can be given up. */
export interface ReadOptions {
  /** Nobody wants the answer any more: it, or the next row, is refused with the signal's reason, and reads that wait are dropped. */
  signal?: AbortSignal
}

/** @throws DroverError ARGUMENT_INVALID */
export const signalOf = ({ signal }: ReadOptions): AbortSignal | undefined => checkSignal('signal', signal)
