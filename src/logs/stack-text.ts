/** The stack of an error and of its causes, as readable lines. */
import type { ErrorRecord } from '../errors.js'
import { ownFolder } from '../values/own-folder.js'

/** Deeper frames say little, and log lines are bounded. */
const mostFrames = 12

/**
 * The text, beginning with a line feed; empty without a stack. Frames inside Node.js and drover are left out. Where there are no
 * others, an error that drover itself threw and a syntax error go without, because their message says where; of the rest all
 * frames are shown.
 */
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

function framesOf({ name, stack }: ErrorRecord): string[] {
  const frames = (stack ?? '').split('\n').filter((line) => /^\s+at /.test(line))
  const theirs = frames.filter((line) => !line.includes('node:internal/') && !line.includes('(node:') && !line.includes(ownFolder))
  const saysWhere = name === 'DroverError' || name === 'SyntaxError'
  return (theirs.length > 0 || saysWhere ? theirs : frames).slice(0, mostFrames).map((frame) => frame.trim())
}
