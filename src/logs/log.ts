/** Writes to the worker's log. Secrets are redacted. */
export interface WorkerLog {
  /** For errors. `fields` follow the message as JSON. */
  error(message: string, fields?: Record<string, unknown>): void
  /** For problems that do not stop the work. */
  warn(message: string, fields?: Record<string, unknown>): void
  /** For the main steps of a normal run. */
  info(message: string, fields?: Record<string, unknown>): void
  /** For debugging: written only at the log level `'debug'`. */
  debug(message: string, fields?: Record<string, unknown>): void
}
