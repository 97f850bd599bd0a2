/** Short forms for what every test of an engine does: hosts that join, workers that exchange. */
import * as assert from 'uvu/assert'
import type { ErrorRecord } from '../../../src/errors.js'
import type { Fence } from '../../../src/store/contract/basics.js'
import type { EngineClient, EngineOp, EngineReply, EngineRequest } from '../../../src/store/contract/engine.js'
import type { ResultRow } from '../../../src/store/contract/reads.js'
import type { LaneCounts } from '../../../src/store/contract/registry.js'
import type { AbandonReply, AbandonRequest, ExchangeReply, ExchangeRequest, Leases, Outcome } from '../../../src/store/contract/tasks.js'
import type { World } from './world.js'

export const boom: ErrorRecord = { name: 'Error', message: 'boom' }
export const worker = 'annotator-1/urgency'

/** A worker that was acquired. */
export interface Hold {
  worker: string
  fence: Fence
  request: number
}

export class Desk {
  readonly client: EngineClient
  readonly world: World

  constructor(client: EngineClient, world: World) {
    this.client = client
    this.world = world
  }

  call<Op extends EngineOp>(op: Op, request: EngineRequest<Op>): Promise<EngineReply<Op>> {
    return this.client.call(op, request)
  }

  /** A host that has joined, and workers with a lane each over dataset `data`. */
  async begin(items = 0, { workers = [worker], target = null as number | null } = {}): Promise<void> {
    await this.call('join', { host: this.world.host(1) })
    await this.declare(workers, target)
    if (items > 0) await this.load(items)
  }

  async declare(workers: string[], target: number | null = null): Promise<EngineReply<'declare'>['workers']> {
    const specs = workers.map((id) => {
      const [annotator = '', domain = ''] = id.split('/')
      return { worker: id, lane: { dataset: 'data', annotator, domain, target } }
    })
    return (await this.call('declare', { workers: specs })).workers
  }

  /** Loads items `k<from>` to `k<from + count - 1>`. */
  async load(count: number, { from = 0, priority = 0, dataset = 'data' } = {}): Promise<EngineReply<'enqueue'>> {
    const items = Array.from({ length: count }, (_, index) => ({ key: `k${from + index}`, data: `{"n":${from + index}}`, priority }))
    return this.call('enqueue', { dataset, items, onConflict: 'error' })
  }

  async acquire(id = worker, host = 1): Promise<Hold> {
    const reply = await this.call('acquire', { worker: id, host: this.world.host(host).id })
    assert.ok('fence' in reply, `${id} is held by another host`)
    return { worker: id, fence: (reply as { fence: Fence }).fence, request: 0 }
  }

  exchange(hold: Hold, want: number, outcomes: Outcome[] = [], more: Partial<ExchangeRequest> = {}): Promise<ExchangeReply> {
    hold.request++
    return this.call('exchange', { worker: hold.worker, fence: hold.fence, request: hold.request, outcomes, want, ...more })
  }

  async claim(hold: Hold, want: number): Promise<Leases> {
    return (await this.exchange(hold, want)).leases
  }

  abandon(
    hold: Hold,
    more: Partial<AbandonRequest['abandoned']> & { poisonAfter?: number; maxAttempts?: number } = {},
  ): Promise<AbandonReply> {
    const { working = [], finished = [], poisonAfter = 2, maxAttempts = 3 } = more
    const { worker: id, fence } = hold
    return this.call('abandon', { worker: id, fence, abandoned: { working, finished }, error: boom, poisonAfter, maxAttempts })
  }

  async counts(id = worker): Promise<Omit<LaneCounts, 'worker'>> {
    const { worker: _, ...counts } = (await this.call('counts', { workers: [id] })).counts[0] as LaneCounts
    return counts
  }

  /** All results, page by page. */
  async results(filter: EngineRequest<'results'>['filter'] = {}, limit = 100): Promise<ResultRow[]> {
    const rows: ResultRow[] = []
    let after: string | null = null
    do {
      const page: EngineReply<'results'> = await this.call('results', { filter, after, limit })
      rows.push(...page.rows)
      after = page.next
    } while (after !== null)
    return rows
  }
}

export function completed(leases: Leases): Outcome[] {
  return leases.tokens.map((token, index) => ({ do: 'complete', token, value: `"done ${leases.keys[index]}"` }))
}

export function failed(leases: Leases, retryInMs: number | null): Outcome[] {
  return leases.tokens.map((token) => ({ do: 'fail', token, error: boom, retryInMs }))
}

export function released(leases: Leases, inMs = 0): Outcome[] {
  return leases.tokens.map((token) => ({ do: 'release', token, inMs }))
}
