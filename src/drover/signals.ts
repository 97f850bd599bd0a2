/** An orderly end at SIGINT and SIGTERM. */
import { constants } from 'node:os'
import { argumentError } from '../validation/arguments.js'
import { closest } from '../values/closest.js'
import { exitCodeFor } from './exit-code.js'

/** No process can catch the first two; after the others, unless somebody sent them, no code can run safely. */
const notForHandlers = new Set<string>(['SIGKILL', 'SIGSTOP', 'SIGBUS', 'SIGFPE', 'SIGILL', 'SIGSEGV'])

const names = Object.keys(constants.signals).filter((name) => !notForHandlers.has(name))

interface Interruptible {
  /** Stops all work, but leaves the store open: the program reads results and closes. */
  interrupt(signal: NodeJS.Signals): void
}

/**
 * @param orElse what else the option may be, in words
 * @throws DroverError ARGUMENT_INVALID
 */
export function checkSignalNames(name: string, value: unknown, orElse = ''): asserts value is NodeJS.Signals[] {
  if (!Array.isArray(value)) throw argumentError(name, `${orElse}a list of signals such as ['SIGINT', 'SIGTERM']`, value)
  for (const [index, signal] of value.entries()) {
    if (names.includes(signal)) continue
    const meant = typeof signal === 'string' && !notForHandlers.has(signal) ? closest(signal, names) : undefined
    const hint = meant === undefined ? '' : ` (did you mean ${meant}?)`
    throw argumentError(`${name}[${index}]`, `a signal that can be handled, such as SIGINT, SIGTERM or SIGHUP${hint}`, signal)
  }
}

/** The first signal interrupts the system and sets the exit code; the second ends the process at once. */
export function stopOnSignals(system: Interruptible, signals: readonly NodeJS.Signals[]): () => void {
  checkSignalNames('signals', signals)
  // A signal that is named twice would count as the second one.
  const each = new Set(signals)
  let asked = false
  const onSignal = (signal: NodeJS.Signals): void => {
    const code = exitCodeFor(signal)
    if (asked) process.exit(code)
    asked = true
    process.exitCode = code
    system.interrupt(signal)
  }
  for (const signal of each) process.on(signal, onSignal)
  return () => {
    for (const signal of each) process.off(signal, onSignal)
  }
}
