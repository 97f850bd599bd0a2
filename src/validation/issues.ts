/**
 * A mistake in a configuration, as data and in words. The received value is only described: a configuration holds secrets and
 * texts of any size.
 */
import type * as v from 'valibot'
import { DroverError } from '../errors.js'
import { isSecretName } from '../redact.js'
import { closest } from '../values/closest.js'
import { cut, describe } from '../values/describe.js'
import { knownHere } from './schema-pieces.js'

/** One mistake. */
export interface ConfigIssue {
  /** Where: `workers[3].heartbeat.everyMs`. Empty for the configuration as a whole. */
  path: string
  /** All the other fields in one sentence. */
  message: string
  /** What is allowed there. */
  expected: string
  /** The value found there, in words, without secrets. */
  received: string
  /** The probable name or value. */
  suggestion?: string
}

/** The finding of a check, before it is put into words. */
export interface Finding {
  path: PropertyKey[]
  expected: string
  input: unknown
  /** Names that may have been meant. */
  known?: readonly string[]
  /** Whether the name is unknown, rather than the value wrong. */
  unknownKey?: boolean
  /** The value must not be shown. */
  hidden?: boolean
}

/** The finding for an issue of a schema. */
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

/** Puts a finding into words; `redact` removes secrets that are in the wrong place. */
export function toIssue({ path, expected, input, known, unknownKey, hidden }: Finding, redact: (text: string) => string): ConfigIssue {
  const meant = unknownKey ? String(path.at(-1)) : input
  const suggestion = typeof meant === 'string' ? closest(meant, known ?? quoted(expected)) : undefined
  // The value under a misspelt name of a secret is a secret too.
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

/** The quoted values of an expectation, as suggestions for an unknown value. */
function quoted(expected: string): string[] {
  return [...expected.matchAll(/'([^']+)'/g)].map(([, value]) => value as string)
}
