// @ts-check
/**
 * Each measurement runs in a process of its own: nothing warms up, fragments or slows down what is measured after it.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** @typedef {{ ok: true, value: unknown } | { ok: false, error: string }} Answer */

/**
 * Runs a module that {@link answer}s, and ends with it.
 *
 * @template T
 * @param {URL} module TypeScript is built as the tests are, and then sees our sources; JavaScript sees the built package
 * @param {object} input given to it with a `folder`, a temporary one that is removed afterwards
 * @param {{ execArgv?: string[], withinMs?: number }} [options]
 * @returns {Promise<T>}
 */
export async function inChild(module, input, { execArgv = [], withinMs = 600_000 } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'drover-bench-'))
  const register = module.pathname.endsWith('.ts') ? ['--import', new URL('../../test/register.mjs', import.meta.url).href] : []
  const child = fork(fileURLToPath(module), [], { execArgv: [...register, ...execArgv], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const exited = once(child, 'exit')
  const timer = setTimeout(() => child.kill('SIGKILL'), withinMs)
  try {
    child.send({ ...input, folder })
    /** @type {Answer} */
    const said = await Promise.race([
      once(child, 'message').then(([message]) => message),
      exited.then(([code, signal]) => ({ ok: false, error: `ended with ${signal ?? code} before it answered` })),
    ])
    if (!said.ok) throw new Error(`${module.pathname.split('/').slice(-2).join('/')}: ${said.error}`)
    await exited
    return /** @type {T} */ (said.value)
  } finally {
    clearTimeout(timer)
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
}

/**
 * What such a module does: takes its input, measures, answers, and ends by itself.
 *
 * @template {object} Input
 * @param {(input: Input & { folder: string }) => Promise<unknown> | unknown} measure
 */
export async function answer(measure) {
  const [input] = await once(process, 'message')
  /** @type {Answer} */
  let said
  try {
    said = { ok: true, value: await measure(input) }
  } catch (error) {
    said = { ok: false, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }
  }
  process.send?.(said, () => process.disconnect())
}
