/** What the two ends of a conversation have to offer: as much of a `MessagePort` as is used, so that other things can be one. */
import type { Transferable } from 'node:worker_threads'

// biome-ignore lint/suspicious/noExplicitAny: as `MessagePort` has it; who listens knows what is sent there.
export type MessageListener = (message: any) => void

export interface Port {
  postMessage(message: unknown, transfer?: readonly Transferable[]): void
  on(event: 'message', listener: MessageListener): unknown
  off(event: 'message', listener: MessageListener): unknown
  close(): void
  /** Keeps the process alive, or does not: where there is a difference. */
  ref?(): void
  unref?(): void
}
