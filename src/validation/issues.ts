/**
 * A mistake in a configuration as data, and the words for it. What was received is described, never dumped: a configuration
 * holds secrets and texts of any size.
 */
import type * as v from 'valibot'
import { DroverError } from '../errors.js'
import { isSecretName } from '../redact.js'
import { closest } from '../values/closest.js'
import { cut, describe } from '../values/describe.js'
import { knownHere } from './pieces.js'

/** One mistake. */
export interface ConfigIssue {
  /** Where: `workers[3].heartbeat.everyMs`. Empty for the configuration as a whole. */
  path: string
  /** All of the below in one sentence. */
  message: string
  /** What is allowed there. */
  expected: string
  /** What was found there, in words; secrets are struck out. */
  received: string
  /** What was probably meant. */
  suggestion?: string
}

/** What a check found, before it is put into words. */
export interface Finding {
  path: PropertyKey[]
  expected: string
  input: unknown
  /** Names that may have been meant. */
  known?: readonly string[]
  /** It is the name that is unknown, not the value that is wrong. */
  unknownKey?: boolean
  /** The value must not be shown. */
  hidden?: boolean
}

/** What a schema of options complained of. */
export function findingOf(issue: v.BaseIssue<unknown>): Finding {
  const path = (issue.path ?? []).map(({ key }) => key as PropertyKey)
  const finding: Finding = { path, expected: issue.message, input: issue.input }
  const unknownKey = issue.type === 'raw_check' && issue.path?.at(-1)?.type === 'object' && issue.message.startsWith(knownHere)
  return unknownKey ? { ...finding, unknownKey, known: issue.message.slice(knownHere.length).split(', ') } : finding
}

/** All mistakes as one error: a line for each in its message, and as data in `details.issues`. */
export function invalidConfig(issues: ConfigIssue[], source = 'the configuration'): DroverError {
  const count = issues.length === 1 ? 'a mistake' : `${issues.length} mistakes`
  const lines = issues.map(({ path, message }) => `\n  ${path === '' ? '' : `${path}: `}${message}`)
  return new DroverError('CONFIG_INVALID', `${source} has ${count}:${lines.join('')}`, { details: { issues } })
}

/** Puts a finding into words; `redact` strikes out secrets that turned up where none belong. */
export function toIssue({ path, expected, input, known, unknownKey, hidden }: Finding, redact: (text: string) => string): ConfigIssue {
  const meant = unknownKey ? String(path.at(-1)) : input
  const suggestion = typeof meant === 'string' ? closest(meant, known ?? quoted(expected)) : undefined
  // What stands under a misspelt name of a secret is one too.
  const names = [...path, ...(unknownKey && suggestion !== undefined ? [suggestion] : [])]
  const secret = hidden || names.some((part) => typeof part === 'string' && isSecretName(part))
  const received = secret && input !== undefined ? '[redacted]' : redact(describe(input))
  const question = suggestion === undefined ? '' : `; did you mean ${unknownKey ? suggestion : `'${suggestion}'`}?`
  const message = unknownKey ? `is not an option${question || `, ${expected}`}` : `expected ${expected}, received ${received}${question}`
  return {
    path: redact(pathText(path)),
    message: redact(message),
    expected: redact(expected),
    received,
    ...(suggestion !== undefined && { suggestion: redact(suggestion) }),
  }
}

/** `['workers', 3, 'my key']` as `workers[3]['my key']`. */
export function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((part, index) => {
      if (typeof part === 'number') return `[${part}]`
      const name = cut(String(part))
      if (!/^[A-Za-z_$][\w$-]*$/.test(name)) return `['${name}']`
      return index === 0 ? name : `.${name}`
    })
    .join('')
}

/** The values that an expectation names in quotes: those an unknown one may have been meant to be. */
function quoted(expected: string): string[] {
  return [...expected.matchAll(/'([^']+)'/g)].map(([, value]) => value as string)
}
