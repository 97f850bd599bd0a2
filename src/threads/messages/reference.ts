/** References to workers: what `ctx.find` and `drover.worker` give. */
import { checkId } from '../../validation/arguments.js'
import type { AnyMessages, AskOptions, MessageTypes, WorkerRef } from './contract.js'
import type { Messenger } from './messenger.js'

/**
 * @param path ids of the workers whose handlers wait meanwhile
 * @throws DroverError ARGUMENT_INVALID if the id can be that of no worker
 */
export function refer<Messages extends MessageTypes<Messages> = AnyMessages>(
  messenger: Messenger,
  id: string,
  path: readonly string[] = [],
): WorkerRef<Messages> {
  const to = checkId('the id of a worker', id)
  const reference = {
    id: to,
    ask: (name: string, body?: unknown, options?: AskOptions) => messenger.ask(to, path, name, body, options),
    tell: (name: string, body?: unknown) => messenger.tell(to, name, body),
  }
  return reference as unknown as WorkerRef<Messages>
}
