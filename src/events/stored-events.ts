/** Which events the store keeps. By itself, so that a browser can have the list without the emitter. */
import type { EventName } from './event-map.js'

/** Those that also go into the store's event log. */
export const storedEvents: readonly EventName[] = [
  'worker:state:changed',
  'worker:failure:recorded',
  'worker:holder:changed',
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
]
