/** Runs an example as a user does: as a process of its own, on the built package. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))

// Examples import the package by its name, so they run what is built. Not in a hook: uvu takes a failing hook for a success.
execFileSync(process.execPath, ['scripts/ensure-build.js'], { stdio: ['ignore', 'ignore', 'inherit'] })

export interface Ended {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

export interface Running {
  /** The first match in what it prints, on stdout or stderr; rejects if it ends without. */
  printed(pattern: RegExp): Promise<RegExpExecArray>
  kill(signal: NodeJS.Signals): void
  ended: Promise<Ended>
}

export interface RunOptions {
  /** @defaultValue the root of this checkout */
  cwd?: string
  /** Laid over the environment. */
  env?: NodeJS.ProcessEnv
}

const children = new Set<ChildProcess>()

/** To be run after each test that starts one: a test that failed may have left it. */
export function endExamples(): void {
  for (const child of children) child.kill('SIGKILL')
}

/** Starts one that the test has something to do with while it runs. */
export function startExample(file: string, args: string[], { cwd = root, env }: RunOptions = {}): Running {
  const child = spawn(process.execPath, [resolve(root, 'examples', file), ...args], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.add(child)
  child.once('close', () => children.delete(child))
  const ended: Ended = { code: null, signal: null, stdout: '', stderr: '' }
  const looking = new Set<() => void>()
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (text: string) => {
      ended[stream] += text
      for (const look of looking) look()
    })
  }
  return {
    printed: (pattern) =>
      new Promise((settle, reject) => {
        const look = (): void => {
          const found = pattern.exec(ended.stdout) ?? pattern.exec(ended.stderr)
          if (!found) return
          looking.delete(look)
          settle(found)
        }
        looking.add(look)
        look()
        child.once('close', () => reject(new Error(`it ended without printing ${pattern}:\n${ended.stderr}${ended.stdout}`)))
      }),
    kill: (signal) => void child.kill(signal),
    ended: new Promise((settle, reject) => {
      child.once('error', reject)
      child.once('close', (code, signal) => settle({ ...ended, code, signal }))
    }),
  }
}

/** @param options.killAt when this comes up in what it prints, the process gets `signal` (SIGKILL unless told) */
export async function runExample(
  file: string,
  args: string[],
  options: RunOptions & { killAt?: RegExp; signal?: NodeJS.Signals } = {},
): Promise<Ended> {
  const { killAt, signal = 'SIGKILL', ...rest } = options
  const example = startExample(file, args, rest)
  if (killAt) {
    // A process that ends without is for the test to judge.
    example.printed(killAt).then(
      () => example.kill(signal),
      () => {},
    )
  }
  return example.ended
}

/** For the environment of a process in which these packages are not installed. */
export function withoutPackages(...names: string[]): NodeJS.ProcessEnv {
  const hooks = `export async function resolve(specifier, context, next) {
    if (${JSON.stringify(names)}.some((name) => specifier === name || specifier.startsWith(name + '/')))
      throw Object.assign(new Error('Cannot find package ' + specifier), { code: 'ERR_MODULE_NOT_FOUND' })
    return next(specifier, context)
  }`
  const url = (code: string): string => `data:text/javascript,${encodeURIComponent(code)}`
  return { NODE_OPTIONS: `--import ${url(`import { register } from 'node:module'; register(${JSON.stringify(url(hooks))})`)}` }
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
