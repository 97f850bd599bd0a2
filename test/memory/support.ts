/** Measures in a process of its own, on the sources, with a collector that can be called. */
import { inChild } from '../../bench/support/child.js'

const register = new URL('../register.mjs', import.meta.url).href

export function measured<T>(module: string, input: object, flags: string[] = []): Promise<T> {
  const execArgv = ['--expose-gc', ...flags, '--import', register]
  return inChild<T>(new URL(`../../bench/memory/${module}`, import.meta.url), input, { execArgv, withinMs: 100_000 })
}
