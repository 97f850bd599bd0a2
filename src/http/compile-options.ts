/** Validates and compiles the options of the status server. All mistakes are reported at once. */
import * as v from 'valibot'
import { moduleUrl } from '../options/worker.js'
import { findingOf, invalidConfig, toIssue } from '../validation/issues.js'
import { flag, group, whole } from '../validation/schema-pieces.js'
import type { Authorize, ServeOptions, StatusOptions } from './base/options.js'
import type { CompiledStatusOptions } from './base/request-env.js'
import { isLoopback } from './security/address.js'

/** The least number of different characters: fewer are easy to guess. */
const leastVariety = 8
const isToken = (value: string): boolean => /^[\x21-\x7e]{16,1000}$/.test(value) && new Set(value).size >= leastVariety

const token = v.optional(
  v.custom<string>(
    (value) => typeof value === 'string' && isToken(value),
    `a text of 16 to 1000 characters, ASCII without spaces, at least ${leastVariety} of them different`,
  ),
)
const text = (fits: (value: string) => boolean, expected: string) =>
  v.custom<string>((value) => typeof value === 'string' && fits(value), expected)

const isHost = (value: string): boolean => /^[a-z0-9._-]+$|^\[[0-9a-f:.]+\]$/.test(value)
const host = text(isHost, 'a host name in lower case, without a port')
const origin = text(isOrigin, 'an origin such as https://console.example.org, without a path')

function isOrigin(value: string): boolean {
  try {
    return /^https?:/.test(value) && new URL(value).origin === value
  } catch {
    return false
  }
}

const statusEntries = {
  token,
  readToken: token,
  authorize: v.optional(v.custom<Authorize>((value) => typeof value === 'function', 'a function')),
  hosts: v.optional(v.lazy((value) => (Array.isArray(value) ? v.array(host) : oneOfOr('*', "a list of host names, or '*'")))),
  origins: v.optional(v.array(origin, 'a list of origins')),
  envelope: v.optional(flag),
  dashboard: v.optional(flag),
  maxBodyBytes: v.optional(whole(1, 1_073_741_824)),
  behindProxy: v.optional(flag),
  sessionMs: v.optional(whole(1)),
  crashDetectionMinutes: v.optional(whole(1, 60)),
  modules: v.optional(v.array(moduleUrl, 'a list of modules of workers')),
}

function oneOfOr<const Value extends string>(only: Value, expected: string) {
  return v.custom<Value>((value) => value === only, expected)
}

const statusSchema = group(statusEntries)
const serveSchema = group({
  ...statusEntries,
  port: v.optional(whole(0, 65_535)),
  hostname: v.optional(text((value) => value !== '', 'a host name or an IP address')),
})

/** @throws DroverError CONFIG_INVALID with every mistake */
export function compileStatusOptions(given: StatusOptions): CompiledStatusOptions {
  const checked = check<StatusOptions>(statusSchema, given, 'the status server')
  const { token, readToken, authorize } = checked
  return {
    ...(token !== undefined && { token }),
    ...(readToken !== undefined && { readToken }),
    ...(authorize !== undefined && { authorize }),
    hosts: checked.hosts ?? (authorize ? '*' : []),
    origins: checked.origins ?? [],
    envelope: checked.envelope ?? false,
    dashboard: checked.dashboard ?? true,
    maxBodyBytes: checked.maxBodyBytes ?? 1_048_576,
    behindProxy: checked.behindProxy ?? false,
    sessionMs: checked.sessionMs ?? 43_200_000,
    crashDetectionMinutes: checked.crashDetectionMinutes ?? 2,
    modules: new Map((given.modules ?? []).map((module, index) => [String(module), String(checked.modules?.[index])])),
  }
}

/**
 * @throws DroverError CONFIG_INVALID with every mistake; also if other machines could connect and no request would be refused
 */
export function compileServeOptions(given: ServeOptions): { port: number; hostname: string; status: StatusOptions } {
  const { port = 8_000, hostname = '127.0.0.1' } = check<ServeOptions>(serveSchema, given, 'the status server')
  const { port: _, hostname: __, ...status } = given
  const isProtected = status.token !== undefined || status.readToken !== undefined || status.authorize !== undefined
  if (!isLoopback(hostname) && !isProtected) {
    const expected = 'a loopback address, or a token, readToken or authorize: other machines can reach this address'
    throw invalidConfig([toIssue({ path: ['hostname'], expected, input: hostname }, String)], 'the status server')
  }
  return { port, hostname, status: withOwnName(status, hostname) }
}

/** Adds the own host name to `hosts`. */
function withOwnName(status: StatusOptions, hostname: string): StatusOptions {
  const { hosts = status.authorize ? '*' : [] } = status
  return hosts === '*' || !isHost(hostname) ? status : { ...status, hosts: [...hosts, hostname] }
}

function check<Output extends StatusOptions>(schema: v.GenericSchema<unknown, unknown>, given: unknown, what: string): Output {
  const { issues, output } = v.safeParse(schema, given)
  const findings = (issues ?? []).map(findingOf)
  const { token, readToken, authorize } = (output ?? {}) as StatusOptions
  if (token !== undefined && token === readToken)
    findings.push({ path: ['readToken'], expected: 'a text that differs from token', input: readToken })
  if (typeof authorize === 'function' && (token ?? readToken) !== undefined) {
    findings.push({ path: ['authorize'], expected: 'no value, because it takes the place of token and readToken', input: authorize })
  }
  if (findings.length > 0) {
    throw invalidConfig(
      findings.map((finding) => toIssue(finding, String)),
      what,
    )
  }
  return output as Output
}
