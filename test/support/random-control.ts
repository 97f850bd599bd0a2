/** Runs the host of random control calls, and looks at what it leaves behind. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Database from 'better-sqlite3'
import { createDrover } from '../../src/index.js'
import type { RandomControlOrders } from './random-control-host.js'
import { mountDisk } from './small-disk.js'
import { worker } from './system.js'

/** The process ends by itself within so long, or it hangs. */
const endsMs = 300_000
/** A disk that can be filled, in megabytes. */
const diskMb = 24

export interface RandomControlReport {
  /** What was wrong; empty: nothing. */
  wrong: string[]
  /** What the host said in the end. */
  said: string
  /** Whether its disk was full now and then. */
  filled: boolean
}

/** Mounts a small disk over the folder, where this is allowed. Answers what takes it away again; null: it is not. */
function mountOver(folder: string): (() => void) | null {
  try {
    mountDisk(folder, diskMb * 1_024)
    return () => void execFileSync('umount', [folder], { stdio: 'ignore' })
  } catch {
    return null
  }
}

export async function randomControl(seed: number, steps: number, folder: string): Promise<RandomControlReport> {
  mkdirSync(folder, { recursive: true })
  const unmount = mountOver(folder)
  try {
    const orders: RandomControlOrders = { seed, folder, steps, fillable: unmount !== null }
    const host = fileURLToPath(new URL('random-control-host.js', import.meta.url))
    const child = spawn(process.execPath, [host, JSON.stringify(orders)], { stdio: ['ignore', 'pipe', 'pipe'] })
    let out = ''
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (out += text))
    const hangs = setTimeout(() => {
      out += `\nWRONG the process did not end within ${endsMs} ms`
      child.kill('SIGKILL')
    }, endsMs)
    const [code, signal] = (await once(child, 'close')) as [number | null, string | null]
    clearTimeout(hangs)
    const lines = out.trim().split('\n')
    const wrong = lines.filter((line) => line.startsWith('WRONG'))
    if (code !== 0 && wrong.length === 0) wrong.push(`the host ended with ${signal ?? code}: ${out}`)
    const store = join(folder, 'control.db')
    if (lines.includes('closed on a full disk')) {
      const next = await createDrover({ store, workers: [worker('a')], log: { console: false, dir: false } })
      await next.close()
    }
    if (existsSync(store)) wrong.push(...leftBehind(store))
    return { wrong, said: lines.at(-1) ?? '', filled: unmount !== null }
  } finally {
    unmount?.()
  }
}

function leftBehind(file: string): string[] {
  const db = new Database(file, { readonly: true })
  try {
    const integrity = db.pragma('integrity_check', { simple: true })
    const held = db.prepare('SELECT name FROM worker WHERE holder IS NOT NULL').all()
    const leased = db.prepare('SELECT count(*) AS n FROM lease').get() as { n: number }
    return [
      ...(integrity === 'ok' ? [] : [`integrity: ${integrity}`]),
      ...(held.length === 0 ? [] : [`left held: ${JSON.stringify(held)}`]),
      ...(leased.n === 0 ? [] : [`${leased.n} leases are left`]),
    ]
  } finally {
    db.close()
  }
}
