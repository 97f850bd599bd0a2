/** Parses clients' messages. */
import * as v from 'valibot'
import { type ClientMessage, type Topic, topics } from '../contract/socket.js'

const clientMessage = v.variant('type', [
  v.object({ type: v.literal('ping') }),
  v.object({ type: v.literal('pong') }),
  v.object({ type: v.literal('subscribe'), topics: v.pipe(v.array(v.picklist(topics)), v.maxLength(topics.length)) }),
  v.object({ type: v.literal('request_full_state') }),
])

/** A message, or its error. */
export type Read = { message: ClientMessage } | { error: string; message: string }

export function readMessage(text: string): Read {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { error: 'MESSAGE_MALFORMED', message: 'not JSON' }
  }
  const result = v.safeParse(clientMessage, value)
  if (result.success) return { message: result.output }
  const [issue] = result.issues
  if (issue.path?.[0]?.key === 'topics') return { error: 'MESSAGE_MALFORMED', message: `topics must be a list of ${topics.join(', ')}` }
  const known = clientMessage.options.map(({ entries }) => entries.type.literal).join(', ')
  return { error: 'MESSAGE_UNKNOWN', message: `type must be one of ${known}` }
}

/** Topics from a query: `a,b`. Null if one of them is unknown. */
export function readTopics(text: string): Topic[] | null {
  const named = text.split(',').filter((name) => name !== '')
  return named.every((name): name is Topic => (topics as readonly string[]).includes(name)) ? named : null
}
