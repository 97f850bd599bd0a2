/** An orderly end at SIGINT and SIGTERM. */
import { constants } from 'node:os'

interface Interruptible {
  /** Stops all work. The program reads what it wants to, and closes. */
  interrupt(signal: NodeJS.Signals): void
}

/** What a process ends with that a signal has ended. */
export function exitCodeFor(signal: NodeJS.Signals): number {
  return 128 + (constants.signals[signal] ?? 0)
}

/** At the first signal interrupts, and leaves the process its exit code; at the second ends the process at once. */
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
