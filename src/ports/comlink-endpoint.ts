/**
 * comlink over a port: the adapter, and a `throw` handler that keeps code, cause and details of an error
 * (comlink's own loses them). Importing this module installs the handler; both sides must.
 */
import type { MessagePort } from 'node:worker_threads'
import { type Endpoint, transferHandlers } from 'comlink'
import { type ErrorRecord, fromErrorRecord, toErrorRecord } from '../errors.js'
import type { Port } from './port.js'

const throwHandler = transferHandlers.get('throw')
if (throwHandler) {
  transferHandlers.set('throw', {
    canHandle: throwHandler.canHandle,
    serialize: (thrown: unknown) => [toErrorRecord((thrown as { value: unknown }).value), []],
    deserialize: (record: ErrorRecord) => {
      throw fromErrorRecord(record)
    },
  })
}

type EventListener = (event: { data: unknown }) => void

/** A port in the form that comlink needs. Listening does not keep the process alive. */
export function nodeEndpoint(port: Port): Endpoint {
  const listeners = new Map<unknown, (data: unknown) => void>()
  const endpoint = {
    postMessage: (message: unknown, transfer?: readonly MessagePort[]) => port.postMessage(message, transfer),
    addEventListener: (_: string, listener: EventListener | { handleEvent: EventListener }) => {
      const call = (data: unknown) => ('handleEvent' in listener ? listener.handleEvent({ data }) : listener({ data }))
      listeners.set(listener, call)
      port.on('message', call)
    },
    removeEventListener: (_: string, listener: EventListener) => {
      const call = listeners.get(listener)
      if (call) port.off('message', call)
      listeners.delete(listener)
    },
  }
  return endpoint as unknown as Endpoint
}
