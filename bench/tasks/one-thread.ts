/**
 * What drover's store could do at best: the same claims and commits in one thread, without messages, threads or supervision. Two
 * lanes take turns; a turn settles what the last one claimed and claims 256 more, in one transaction with its fsync.
 */
import { join } from 'node:path'
import type { EngineReply, EngineRequest } from '../../src/store/contract/engine.js'
import { hostIdentity } from '../../src/store/host-identity.js'
import { openSqliteEngine, type SqliteEngine } from '../../src/store/sqlite/engine.js'
import { answer } from '../support/child.js'
import { labelOf, makeItems } from './items.js'
import { bareStatements, type Turn } from './statements.js'
import { tenths } from './tenths.js'

export interface OneThreadRun {
  folder: string
  tasks: number
  bytes: number
  /** `engine`: all of the engine contract. `statements`: no more than the SQL, by hand. */
  by: 'engine' | 'statements'
  batch: number
}

const laneCount = 2

await answer((run: OneThreadRun) => {
  // A first small run brings the code to speed, as a long one would.
  measure({ ...run, tasks: Math.min(run.tasks, 20_000) }, 'warm.db')
  return measure(run, 'bench.db')
})

function measure({ folder, tasks, bytes, by, batch }: OneThreadRun, file: string): object {
  const engine = openSqliteEngine({ file: join(folder, file), durability: 'power', keepEvents: 1_000 })
  fill(engine, tasks / laneCount, bytes)
  const turns = by === 'engine' ? engineTurns(engine, batch) : bareStatements(join(folder, file), laneCount, batch)
  const cpuBefore = process.cpuUsage()
  const began = performance.now()
  const curve = [{ at: began, done: 0 }]
  let done = 0
  while (done < tasks) {
    for (const turn of turns) done += turn()
    curve.push({ at: performance.now(), done })
  }
  const seconds = (performance.now() - began) / 1_000
  const cpu = process.cpuUsage(cpuBefore)
  engine.close()
  return { perSecond: tasks / seconds, seconds, cpuMicros: (cpu.user + cpu.system) / tasks, tenths: tenths(curve, tasks) }
}

function fill(engine: SqliteEngine, count: number, bytes: number): void {
  engine.join({ host: hostIdentity() })
  engine.declare({
    workers: Array.from({ length: laneCount }, (_, lane) => ({
      worker: `annotator-${lane}/x`,
      lane: { dataset: 'items', annotator: String(lane), domain: 'x', target: null },
    })),
  })
  const items: EngineRequest<'enqueue'>['items'] = []
  const send = (): void => void engine.enqueue({ dataset: 'items', items: items.splice(0), onConflict: 'error' })
  for (const item of makeItems(count, bytes)) {
    items.push({ key: item.id, data: JSON.stringify(item), priority: 0 })
    if (items.length >= Math.min(1_000, 1_000_000 / bytes)) send()
  }
  if (items.length > 0) send()
}

function engineTurns(engine: SqliteEngine, batch: number): Turn[] {
  const host = hostIdentity()
  engine.join({ host })
  return Array.from({ length: laneCount }, (_, lane) => {
    const worker = `annotator-${lane}/x`
    const taken = engine.acquire({ worker, host: host.id })
    if (!('fence' in taken)) throw new Error(`${worker} is held by ${taken.holder.host}`)
    let request = 0
    let outcomes: EngineRequest<'exchange'>['outcomes'] = []
    return () => {
      const call = { worker, fence: taken.fence, request: ++request, outcomes, want: batch, quota: null }
      const [reply] = engine.execute([{ op: 'exchange', request: call }])
      if (!reply?.ok) throw reply?.error
      const { settled, leases } = reply.value as EngineReply<'exchange'>
      if (settled.some((became) => became !== 'stored')) throw new Error(`not stored: ${settled}`)
      outcomes = leases.tokens.map((token, index) => ({ do: 'complete', token, value: labelOf(leases.data[index] as string) }))
      return settled.length
    }
  })
}
