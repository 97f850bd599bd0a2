import { checkSignal } from './arguments.js'

/** Options of a read. */
export interface ReadOptions {
  /** Cancels the read: the call, or the next row, rejects with the signal's reason, and waiting reads are dropped. */
  signal?: AbortSignal
}

/** @throws DroverError ARGUMENT_INVALID */
export const signalOf = ({ signal }: ReadOptions): AbortSignal | undefined => checkSignal('signal', signal)
