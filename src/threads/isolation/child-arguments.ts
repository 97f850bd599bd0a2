/** Arguments of a worker process: the flags that threads inherit from their process, and the limits of its memory. */
import type { ResourceLimits } from '../../options/isolation.js'

/** Flags that only concern the host: its program, its debugger's port, its mode. */
const hostsOwn = /^(?:--(?:eval|print|input-type|inspect|test|watch|check|interactive|run)\b|-[ci]$)/
/** Flags followed by the program. */
const program = /^(?:-e|-p|-pe|--eval|--print)$/

/**
 * @param execArgv of the host
 * @returns `execArgv` for the process; later flags win, so the worker's limits come after the host's
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
  // V8's young generation has three semi-spaces.
  if (maxYoungGenerationSizeMb !== undefined) flags.push(`--max-semi-space-size=${Math.ceil(maxYoungGenerationSizeMb / 3)}`)
  if (stackSizeMb !== undefined) flags.push(`--stack-size=${Math.floor(stackSizeMb * 1_024)}`)
  return flags
}
