import { group, oneOf, option, type Schema, whole } from '../validation/schema-pieces.js'

/** The mailbox of a worker: the messages that wait for its `receive`. */
export interface MailboxOptions {
  /** How many messages of each sender may wait there or be in work. 1 to 1_000_000. @defaultValue 1_000 */
  capacity?: number
  /**
   * What happens to a message when there are {@link capacity} of its sender. `'block'`: it waits with its sender (`tell` resolves later;
   * a sender that does not wait for `tell` gets MAILBOX_FULL at 10,000 more). `'reject'`: it is refused with MAILBOX_FULL.
   * `'drop-oldest'`: the sender's oldest waiting message is dropped; if that is an ask, it rejects with MAILBOX_FULL.
   * @defaultValue 'block'
   */
  whenFull?: 'block' | 'reject' | 'drop-oldest'
  /**
   * `'serial'`: a handler begins when the one before has ended, promises included. `'concurrent'`: handlers begin as messages come, so
   * that {@link capacity} limits those in work too. @defaultValue 'serial'
   */
  order?: 'serial' | 'concurrent'
}

export const mailbox = group({
  capacity: option(whole(1, 1_000_000), 1_000),
  whenFull: option(oneOf('block', 'reject', 'drop-oldest'), 'block'),
  order: option(oneOf('serial', 'concurrent'), 'serial'),
} satisfies Schema<MailboxOptions>)

/** {@link MailboxOptions} with its defaults filled in. */
export type MailboxPolicy = Required<MailboxOptions>
