/**
 * Validates and compiles a user's options. All mistakes are reported at once, before anything is created or started.
 */
import type * as v from 'valibot'
import { createRedactor } from '../redact.js'
import { atOnce, piecewise } from '../time/turns.js'
import { type ConfigIssue, type Finding, findingOf, invalidConfig, toIssue } from '../validation/issues.js'
import { expectedTimeZone } from '../validation/schema-pieces.js'
import { closest } from '../values/closest.js'
import { asRecord } from '../values/fields.js'
import { compileOptions } from './compile.js'
import type { CompiledConfig } from './compiled.js'
import type { DroverOptions } from './drover.js'
import { parseOptions } from './parse.js'
import { expectedLimits, quotaOptions } from './quota.js'
import { checkRules } from './rules.js'

export type { ConfigIssue } from '../validation/issues.js'

/** The result of {@link validateConfig}. */
export type ValidatedConfig = { ok: true; config: CompiledConfig } | { ok: false; issues: ConfigIssue[] }

/**
 * Checks options and returns all mistakes or the compiled configuration. Reads the file system only to find worker modules, and
 * changes nothing.
 *
 * @param input `DroverOptions`, or any other value
 * @throws never
 * @example
 * const checked = validateConfig({ store: 'data/drover.db', worker: [] })
 * if (!checked.ok) for (const { path, message } of checked.issues) console.error(`${path}: ${message}`)
 * // worker: is not an option; did you mean workers?
 * // workers: expected a list of workers, received nothing
 */
export function validateConfig(input: unknown): ValidatedConfig {
  return atOnce(validating(input))
}

function* validating(input: unknown): Generator<void, ValidatedConfig, void> {
  try {
    const parsed = yield* parseOptions(input)
    const findings = parsed.issues.map(findingIn)
    // An option of the wrong form gets no second issue about other options.
    const reported = new Set(findings.map(({ path }) => JSON.stringify(path.map(String))))
    findings.push(...(yield* checkRules(input)).filter(({ path }) => !reported.has(JSON.stringify(path.map(String)))))
    if (parsed.output && findings.length === 0) return { ok: true, config: yield* compileOptions(parsed.output) }
    const redact = redactorOf(input)
    return { ok: false, issues: findings.sort(byPlace).map((finding) => toIssue(finding, redact)) }
  } catch {
    // A getter that throws, or a revoked proxy. The error is not shown: it may quote the value.
    const expected = 'an object that can be read'
    return { ok: false, issues: [{ path: '', message: `expected ${expected}`, expected, received: 'one that throws' }] }
  }
}

/**
 * As {@link validateConfig}, but throws.
 *
 * @throws DroverError CONFIG_INVALID with a line for each mistake in the message, and the mistakes as data in `details.issues`
 */
export function compileConfig(input: unknown): CompiledConfig {
  return configIn(validateConfig(input))
}

/** The same in pieces, one in each turn of the event loop, because thousands of workers take a while to check. */
export async function compileInTurns(input: unknown): Promise<CompiledConfig> {
  return configIn(await piecewise(validating(input)))
}

/**
 * As {@link compileConfig}, for one new or changed entry: its mistakes are reported without the path of the entry.
 *
 * @param path the path of the entry, such as `workers[3]`
 * @throws DroverError CONFIG_INVALID
 */
export function compileWith(options: DroverOptions, path: string, source: string): CompiledConfig {
  return configIn(validateConfig(options), path, source)
}

/** The same in pieces. */
export async function compileWithInTurns(options: DroverOptions, path: string, source: string): Promise<CompiledConfig> {
  return configIn(await piecewise(validating(options)), path, source)
}

function configIn(validated: ValidatedConfig, path?: string, source?: string): CompiledConfig {
  if (validated.ok) return validated.config
  const own = (issue: ConfigIssue): ConfigIssue => {
    if (path === undefined) return issue
    const within = issue.path === path ? '' : issue.path.startsWith(`${path}.`) ? issue.path.slice(path.length + 1) : issue.path
    return { ...issue, path: within }
  }
  throw invalidConfig(validated.issues.map(own), source)
}

/** Sorts mistakes of the whole configuration first, then those of each worker together. */
function byPlace({ path: a }: Finding, { path: b }: Finding): number {
  const place = (path: PropertyKey[]): number => (path[0] === 'workers' ? Number(path[1] ?? -1) : -2)
  return place(a) - place(b)
}

/** Adds a suggestion of the probable name to some mistakes. */
function findingIn(issue: v.BaseIssue<unknown>): Finding {
  const finding = findingOf(issue)
  if (issue.message === expectedTimeZone) return { ...finding, known: Intl.supportedValuesOf('timeZone') }
  if (issue.message === expectedLimits && asRecord(issue.input) === null && closest(String(finding.path.at(-1)), quotaOptions)) {
    return { ...finding, unknownKey: true, known: quotaOptions }
  }
  return finding
}

/** Redacts secrets in the wrong place too, such as in the name of a quota, also of options that are no plain objects. */
function redactorOf(input: unknown): (text: string) => string {
  const { secrets, workers } = asRecord(input) ?? {}
  return createRedactor(Array.isArray(secrets) ? secrets.filter((secret) => typeof secret === 'string') : [], inputsOf(workers))
}

/** The `input` of all workers, including those under supervisors. */
function inputsOf(entries: unknown): unknown[] {
  if (!Array.isArray(entries)) return []
  return entries.flatMap((entry: unknown) => {
    const { input = null, children } = asRecord(entry) ?? {}
    return [input, ...inputsOf(children)]
  })
}
