/** Writes into the worker's log. Secrets are struck out. */
export interface WorkerLog {
  /** Something went wrong. `fields` stand behind the message as JSON. */
  error(message: string, fields?: Record<string, unknown>): void
  /** Something is not as it should be, and the work goes on. */
  warn(message: string, fields?: Record<string, unknown>): void
  /** What is worth knowing of a run that goes well. */
  info(message: string, fields?: Record<string, unknown>): void
  /** For whoever looks for a mistake: written at the log level `'debug'` only. */
  debug(message: string, fields?: Record<string, unknown>): void
}
