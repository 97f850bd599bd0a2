/** The events of the event log: groups for filters, and texts. */
import { storedEvents } from '../../../events/stored-events.js'
import { number, plural, told } from '../format.js'

/** The parts before the first colon, each with its events. */
export const eventGroups: [group: string, types: string[]][] = [...new Set(storedEvents.map((type) => type.split(':')[0] as string))].map(
  (group) => [group, storedEvents.filter((type) => type.startsWith(`${group}:`))],
)

const counted = (value: unknown): string => number(Number(value))

/** An event in one line. */
export function sentenceOf(type: string, payload: unknown): string {
  const of = (typeof payload === 'object' && payload !== null ? payload : {}) as Record<string, unknown>
  switch (type) {
    case 'worker:state:changed':
    case 'supervisor:state:changed':
      return `${of.from} → ${of.to}${of.reason ? `: ${told(String(of.reason))}` : ''}`
    case 'worker:failure:recorded': {
      const { kind, message } = (of.failure ?? {}) as Record<string, unknown>
      return `${kind}: ${message}`
    }
    case 'worker:holder:changed': {
      const holder = of.holder as { pid: number; hostname: string } | null
      return holder ? `held by process ${holder.pid} on ${holder.hostname}` : 'no longer held by another host'
    }
    case 'lane:breaker:opened':
      return `attempts keep failing: ${((of.error ?? {}) as Record<string, unknown>).message}`
    case 'lane:breaker:closed':
      return 'a task succeeded: continues at full speed'
    case 'quota:window:spent':
      return `${of.quota}: ${of.window} is spent`
    case 'quota:key:retired':
      return `${of.quota}: ${of.reason}`
    case 'dataset:load:finished':
      return `${of.dataset}: ${counted(of.added)} added, ${counted(of.updated)} updated, ${counted(of.known)} known`
    case 'host:work:recovered':
      return `${plural(Array.isArray(of.workers) ? of.workers.length : 0, 'worker')} and ${plural(Number(of.leases), 'lease')} taken back`
    case 'http:control:done':
      return `${of.action} by ${of.who}: ${of.outcome}${of.status ? ` (${of.status})` : ''}`
    default:
      return [of.quota, of.id, of.key, of.supervisor, of.message, of.reason].filter((part) => typeof part === 'string').join(': ')
  }
}
