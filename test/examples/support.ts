/** Runs an example as a user does: as a process of its own, on the built package. */
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../../', import.meta.url))

// Examples import the package by its name, so they run what is built. Not in a hook: uvu takes a failing hook for a success.
execFileSync(process.execPath, ['scripts/ensure-build.js'], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })

export interface Ended {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

/** @param options.killAt when this comes up on its stderr, the process gets `signal` (SIGKILL unless told) */
export function runExample(
  file: string,
  args: string[],
  options: { cwd?: string; killAt?: RegExp; signal?: NodeJS.Signals } = {},
): Promise<Ended> {
  const { cwd = root, killAt, signal: killBy = 'SIGKILL' } = options
  let killed = false
  return new Promise((settle, reject) => {
    const child = spawn(process.execPath, [resolve(root, 'examples', file), ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
    const ended: Ended = { code: null, signal: null, stdout: '', stderr: '' }
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      ended.stdout += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      ended.stderr += text
      if (killed || !killAt?.test(ended.stderr)) return
      killed = true
      child.kill(killBy)
    })
    child.once('error', reject)
    child.once('close', (code, signal) => settle({ ...ended, code, signal }))
  })
}

export function freshDir(): string {
  return mkdtempSync(join(tmpdir(), 'drover-example-'))
}

/** The labels in a file, by lane and item; throws at an item that is there twice. */
export function labelsIn(file: string): Map<string, string> {
  const labels = new Map<string, string>()
  for (const line of readFileSync(file, 'utf8').trimEnd().split('\n')) {
    const { worker, key, value } = JSON.parse(line) as { worker: string; key: string; value: unknown }
    const item = `${worker} ${key}`
    if (labels.has(item)) throw new Error(`${item} is labelled twice`)
    labels.set(item, JSON.stringify(value))
  }
  return labels
}

/** The numbers of one lane's row in the demo's table. */
export function laneRow(stdout: string, lane: string): { labels: number; right: number; judgedOn: number; restarts: number } {
  const row = stdout.split('\n').find((line) => line.includes(`│ ${lane} `) && line.includes('%'))
  if (!row) throw new Error(`no row for ${lane} in:\n${stdout}`)
  const cells = row.split('│').map((cell) => Number(cell.replace(/[,%\s]/g, '')))
  const [, , labels = Number.NaN, right = Number.NaN, judgedOn = Number.NaN, , restarts = Number.NaN] = cells
  return { labels, right, judgedOn, restarts }
}
