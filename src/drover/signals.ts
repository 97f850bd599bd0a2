/** An orderly end at SIGINT and SIGTERM. */
import { exitCodeFor } from './exit-code.js'

interface Interruptible {
  /** Stops all work, but leaves the store open: the program reads results and closes. */
  interrupt(signal: NodeJS.Signals): void
}

/** The first signal interrupts the system and sets the exit code; the second ends the process at once. */
export function stopOnSignals(system: Interruptible, signals: readonly NodeJS.Signals[]): () => void {
  let asked = false
  const onSignal = (signal: NodeJS.Signals): void => {
    const code = exitCodeFor(signal)
    if (asked) process.exit(code)
    asked = true
    process.exitCode = code
    system.interrupt(signal)
  }
  for (const signal of signals) process.on(signal, onSignal)
  return () => {
    for (const signal of signals) process.off(signal, onSignal)
  }
}
