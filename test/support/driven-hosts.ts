/** Host processes that do hard things, see `test/fixtures/driven-host.ts`. */
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { DrivenOrders } from '../fixtures/driven-host.js'
import { kill } from './kill-rounds.js'

const hosts: ChildProcess[] = []

/** To be run after each test. */
export async function endHosts(): Promise<void> {
  for (const host of hosts.splice(0)) {
    host.kill('SIGCONT')
    await kill(host)
  }
}

export function drive(orders: DrivenOrders, env: NodeJS.ProcessEnv = {}): ChildProcess {
  const host = fork(fileURLToPath(new URL('../fixtures/driven-host.ts', import.meta.url)), [JSON.stringify(orders)], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', 'ignore', 'ipc'],
  })
  hosts.push(host)
  return host
}

export function closeWhenDone(host: ChildProcess): void {
  host.on('message', ({ at }: { at: string }) => {
    if (at === 'done') host.send('close')
    if (at === 'closed') host.send('end')
  })
}
