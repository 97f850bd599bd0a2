/** The events that the store keeps. Imports nothing, so that a browser can load the list without the emitter. */
/** Names of the events in the store's event log. */
export const storedEvents = [
  'worker:state:changed',
  'worker:failure:recorded',
  'worker:holder:changed',
  'pool:state:changed',
  'pool:failure:recorded',
  'supervisor:state:changed',
  'tree:node:added',
  'tree:node:updated',
  'tree:node:removed',
  'system:failure:escalated',
  'task:poison:quarantined',
  'lane:breaker:opened',
  'lane:breaker:closed',
  'quota:window:spent',
  'quota:key:retired',
  'quota:limits:changed',
  'dataset:load:finished',
  'host:work:recovered',
  'store:thread:restarted',
  'http:control:done',
] as const

/** The name of an event that the store keeps. */
export type StoredEventName = (typeof storedEvents)[number]
