import type { CompiledWorker } from '../../options/compiled.js'
import type { Holder } from '../../store/contract/hosts.js'
import type { LaneSpec } from '../../store/contract/registry.js'

export function laneOf({ dataset, annotator, domain, target }: CompiledWorker): LaneSpec | null {
  return dataset === null ? null : { dataset, annotator, domain, target }
}

/** Names a holder as a person wants to read it. */
export function heldBy({ pid, hostname, since }: Holder): string {
  return `held by another host: pid ${pid} on ${hostname}, since ${new Date(since).toISOString()}`
}
