import type { EventName } from './event-map.js'
import { storedEvents } from './stored-events.js'

/** Those that the store does not keep; the type holds the list complete. */
const passing: Record<Exclude<EventName, (typeof storedEvents)[number]>, true> = {
  'worker:restart:scheduled': true,
  'policy:rule:failed': true,
  'lane:counts:changed': true,
  'message:dead': true,
  'dataset:worker:missing': true,
  'store:thread:failed': true,
  'system:state:changed': true,
}

/** Every event there is. */
export const eventNames: readonly string[] = [...storedEvents, ...Object.keys(passing)]
