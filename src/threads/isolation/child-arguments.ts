/** What a worker process is started with: what threads inherit from their process, and the limits of its memory. */
import type { ResourceLimits } from '../../options/isolation.js'

/** What is the host's alone: its program, its debugger's port, its mode. */
const hostsOwn = /^(?:--(?:eval|print|input-type|inspect|test|watch|check|interactive|run)\b|-[ci]$)/
/** Followed by it. */
const program = /^(?:-e|-p|-pe|--eval|--print)$/

/**
 * @param execArgv of the host
 * @returns `execArgv` for the process; later ones win, so that the worker's limits go over the host's
 */
export function childArguments(execArgv: readonly string[], limits: ResourceLimits): string[] {
  const inherited = execArgv.filter(
    (argument, index) => !(hostsOwn.test(argument) || program.test(argument) || program.test(execArgv[index - 1] ?? '')),
  )
  return [...inherited, ...memory(limits)]
}

function memory({ maxOldGenerationSizeMb, maxYoungGenerationSizeMb, stackSizeMb }: ResourceLimits): string[] {
  const flags: string[] = []
  if (maxOldGenerationSizeMb !== undefined) flags.push(`--max-old-space-size=${Math.ceil(maxOldGenerationSizeMb)}`)
  // V8 counts three semi-spaces to the young generation.
  if (maxYoungGenerationSizeMb !== undefined) flags.push(`--max-semi-space-size=${Math.ceil(maxYoungGenerationSizeMb / 3)}`)
  if (stackSizeMb !== undefined) flags.push(`--stack-size=${Math.floor(stackSizeMb * 1_024)}`)
  return flags
}
