/** Measures in a process of its own, with a collector that can be called. */
import { inChild } from '../../bench/support/child.js'

export function measured<T>(module: string, input: object, flags: string[] = []): Promise<T> {
  const execArgv = ['--expose-gc', ...flags]
  return inChild<T>(new URL(`../../bench/memory/${module}`, import.meta.url), input, { execArgv, withinMs: 100_000 })
}
