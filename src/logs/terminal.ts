/**
 * The one terminal of the process. Progress bars are redrawn in place, so a line that comes while they are up has to go above
 * them: whoever draws takes the terminal, and everybody else writes through here.
 */

/** As much of a terminal as is used; a test brings its own. */
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
