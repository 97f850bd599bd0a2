/**
 * The terminal of the process, shared by progress bars and log lines. Bars are redrawn in place, so log lines must be written
 * above them: bars take the terminal, and all lines go through here.
 */

/** The part of a terminal that is used, so that a test can bring its own. */
export interface Terminal {
  write(text: string): unknown
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
}

const taken = new WeakMap<Terminal, (text: string) => void>()

/** Writes whole lines: above the bars if there are any. */
export function writeTerminal(terminal: Terminal, text: string): void {
  const above = taken.get(terminal)
  if (above) above(text)
  else terminal.write(text)
}

/** Until the returned function is called, `above` gets what others write on the terminal. */
export function takeTerminal(terminal: Terminal, above: (text: string) => void): () => void {
  taken.set(terminal, above)
  return () => {
    if (taken.get(terminal) === above) taken.delete(terminal)
  }
}
