/** The stack of an error and of its causes, as readable lines. */
import type { ErrorRecord } from '../errors.js'

/** Deeper frames say little, and log lines are bounded. */
const mostFrames = 12

/** The text, beginning with a line feed; empty without a stack. Frames inside Node.js are left out, unless there are no others. */
export function stackText(error: ErrorRecord | null): string {
  if (error === null) return ''
  const cause = error.cause ? `\ncaused by ${titleOf(error.cause)}${stackText(error.cause)}` : ''
  return `${framesOf(error)
    .map((frame) => `\n  ${frame}`)
    .join('')}${cause}`
}

function titleOf({ name, message, code }: ErrorRecord): string {
  return `${name}${code === undefined || code === name ? '' : ` [${code}]`}: ${message}`
}

function framesOf({ stack }: ErrorRecord): string[] {
  const frames = (stack ?? '').split('\n').filter((line) => /^\s+at /.test(line))
  const own = frames.filter((line) => !line.includes('node:internal/') && !line.includes('(node:'))
  return (own.length > 0 ? own : frames).slice(0, mostFrames).map((frame) => frame.trim())
}
