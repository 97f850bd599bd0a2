/**
 * What goes over the link between a sender and a receiver. Messages of one turn travel together, in one flat array of fields,
 * because that is what structured cloning copies fastest.
 */
import type { Failure } from '../../failure.js'
import type { MailboxPolicy } from '../../options/mailbox.js'

/** From sender to receiver: kind, id, name, body, path of asks that led here. */
export enum Sent {
  /** Wants a reply to its id. */
  Ask = 0,
  Tell = 1,
  /** Nobody waits for the reply to this id any more. */
  Cancel = 2,
  /** The answer to {@link Answer.Closing}: the last message. */
  Closed = 3,
}
export const sentFields = 5

/** From receiver to sender: kind, id, value. */
export enum Answer {
  Value = 0,
  /** An `ErrorRecord`. */
  Error = 1,
  /** So many tells have been handled (the value). */
  Told = 2,
  /** A message comes back (the value has its fields): it was not begun, and the receiver ends. */
  Back = 3,
  /** An ask that was cancelled before it was begun. */
  Cancelled = 4,
  /** A tell was not handled: the value is why. */
  Dead = 5,
  /** The receiver ends: no more messages. */
  Closing = 6,
}
export const answerFields = 3

/** News of a worker for those that talk to it. Each sender gets them in order. */
export type PeerNews =
  /** No worker has this id. */
  | { is: 'unknown'; id: string }
  /** It is down for good: only a person starts it again. */
  | { is: 'down'; id: string; why: string }
  /** It has no thread yet, or no more, and will have one. */
  | { is: 'coming'; id: string; mailbox: MailboxPolicy }
  /** It has a thread. `begun`, in memory that outlives it: the id of the last message of the link that it has begun; null: a process. */
  | { is: 'up'; id: string; mailbox: MailboxPolicy; begun: SharedArrayBuffer | null }
  /** Its thread has ended. null: on request. */
  | { is: 'ended'; id: string; failure: Failure | null }
