/**
 * The suite every engine passes. `open` makes an empty engine that lives in the given world: its clock is the world's, and what
 * can be told of a host's process is the world's to say.
 */
import { suite } from 'uvu'
import type { EngineClient } from '../../src/store/contract/engine.js'
import { historyContract } from './contract/history.js'
import { hostsContract } from './contract/hosts.js'
import { labelsContract } from './contract/labels.js'
import { quotasContract } from './contract/quotas.js'
import { readsContract } from './contract/reads.js'
import { registryContract } from './contract/registry.js'
import { singleTasksContract } from './contract/single-tasks.js'
import { tasksContract } from './contract/tasks.js'
import { Desk } from './support/desk.js'
import { World } from './support/world.js'

export interface OpenEngine {
  client: EngineClient
  close(): Promise<void>
}

/** @param begin makes the world of a test */
export function engineContract(name: string, open: (world: World) => Promise<OpenEngine>, begin = (): World => new World()): void {
  for (const [part, contract] of Object.entries({
    registry: registryContract,
    tasks: tasksContract,
    hosts: hostsContract,
    quotas: quotasContract,
    reads: readsContract,
    'single tasks': singleTasksContract,
    labels: labelsContract,
    history: historyContract,
  })) {
    const test = suite(`${name}, ${part}`)
    contract((title, work) =>
      test(title, async () => {
        const world = begin()
        const engine = await open(world)
        try {
          await work(new Desk(engine.client, world))
        } finally {
          await engine.close()
        }
      }),
    )
    test.run()
  }
}
