/** An orderly end at SIGINT and SIGTERM. */
import { constants } from 'node:os'

interface Closable {
  close(): Promise<void>
}

/**
 * At the first signal closes; the process then ends by itself, with the exit code of the signal (128 + its number). At the second
 * it ends at once.
 */
export function stopOnSignals(system: Closable, signals: readonly NodeJS.Signals[]): () => void {
  let asked = false
  const remove = (): void => {
    for (const signal of signals) process.off(signal, onSignal)
  }
  const onSignal = (signal: NodeJS.Signals): void => {
    const code = 128 + (constants.signals[signal] ?? 0)
    if (asked) process.exit(code)
    asked = true
    process.exitCode = code
    void system.close().finally(remove)
  }
  for (const signal of signals) process.on(signal, onSignal)
  return remove
}
