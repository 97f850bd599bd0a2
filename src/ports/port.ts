/** The used part of a `MessagePort`, so that other channels can implement it. */
import type { Transferable } from 'node:worker_threads'

// biome-ignore lint/suspicious/noExplicitAny: as `MessagePort` has it; who listens knows what is sent there.
export type MessageListener = (message: any) => void

export interface Port {
  postMessage(message: unknown, transfer?: readonly Transferable[]): void
  on(event: 'message', listener: MessageListener): unknown
  off(event: 'message', listener: MessageListener): unknown
  close(): void
  /** Called when the other end is gone, if the port can tell. */
  once?(event: 'close', listener: () => void): unknown
  /** Whether it keeps the process alive, if the port can choose. */
  ref?(): void
  unref?(): void
}
