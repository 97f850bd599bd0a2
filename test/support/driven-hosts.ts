/** Host processes that do hard things, see `test/fixtures/driven-host.ts`. */
import { type ChildProcess, spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import Database from 'better-sqlite3'
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

/** @param wrapper a command, with its arguments, that runs the host as its child */
export function drive(orders: DrivenOrders, env: NodeJS.ProcessEnv = {}, wrapper: string[] = []): ChildProcess {
  const [command = process.execPath, ...before] = [...wrapper, process.execPath]
  const module = fileURLToPath(new URL('../fixtures/driven-host.js', import.meta.url))
  const host = spawn(command, [...before, ...process.execArgv, module, JSON.stringify(orders)], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', process.env.HOST_STDERR ? 'inherit' : 'ignore', 'ipc'],
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

/** A host that is suspended within a transaction keeps the file locked for all others, and there is nothing to be done about it. */
export async function stopBetweenTransactions(store: string, pid: number): Promise<void> {
  const db = new Database(store, { timeout: 0 })
  const isLocked = (): boolean => {
    try {
      db.exec('BEGIN IMMEDIATE')
      db.exec('ROLLBACK')
      return false
    } catch {
      return true
    }
  }
  for (await stop(pid); isLocked(); await stop(pid)) {
    process.kill(pid, 'SIGCONT')
    await sleep(20)
  }
  db.close()
}

/** A signal is only sent by `kill`: on a busy machine, a thread of the process may run on for a while. */
async function stop(pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP')
  const tasks = `/proc/${pid}/task`
  const isStopped = (task: string): boolean => /\) T /.test(readFileSync(`${tasks}/${task}/stat`, 'utf8'))
  while (!readdirSync(tasks).every(isStopped)) await sleep(1)
}
