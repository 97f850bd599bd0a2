/**
 * Writes `docs/options.md`: meaning from the docs of the interfaces, bounds and defaults from the schemas. `npm run docs:options`; with `--check`
 * nothing is written, and the page must be as it would be made. It fails where the docs of an option name another bound or default than its schema.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import ts from 'typescript'
import { breaker } from '../src/options/breaker.js'
import { droverSchema, limits } from '../src/options/drover.js'
import { evidence } from '../src/options/evidence.js'
import { heartbeat } from '../src/options/heartbeat.js'
import { recycle, resourceLimits } from '../src/options/isolation.js'
import { log } from '../src/options/log.js'
import { mailbox } from '../src/options/mailbox.js'
import { poolQueue, poolRestart, poolSchema, poolSize } from '../src/options/pool.js'
import { adapt, quotaEntries, quotaLimit } from '../src/options/quota.js'
import { failureMatch, parole, restartBackoff, restartRules, ruleOptions, startupLimits } from '../src/options/restart-schema.js'
import { intensity, supervisorSchema } from '../src/options/supervisor.js'
import { taskBackoff, tasks } from '../src/options/tasks.js'
import { workerSchema } from '../src/options/worker.js'
import { workerQuota } from '../src/options/worker-quota.js'
import type { Span } from '../src/validation/schema-pieces.js'

/** What the page needs of a schema. */
interface Described {
  type: string
  message?: unknown
  wrapped?: Described
  forms?: readonly Described[]
  item?: Described
  entries?: Record<string, Described>
  pipe?: readonly Described[]
  value?: Described
  rest?: Described
  defaults?: object
  spans?: Span[]
  byDefault?: unknown
}

interface Section {
  title: string
  /** The interface; or one of its options, whose type stands there. */
  of: string
  entries: object
  /** The default of each of its options, where that is not the schema's. */
  byDefault?: string
}

const sections: Section[] = [
  { title: 'System', of: 'DroverOptions', entries: droverSchema.entries },
  { title: 'limits', of: 'DroverOptions.limits', entries: limits.entries },
  { title: 'workers[]: a worker', of: 'WorkerOptions', entries: workerSchema.entries },
  { title: 'workers[]: a supervisor', of: 'SupervisorOptions', entries: supervisorSchema.entries },
  { title: 'intensity', of: 'RestartIntensity', entries: intensity.entries },
  { title: 'heartbeat', of: 'HeartbeatOptions', entries: heartbeat.entries },
  { title: 'tasks', of: 'TaskOptions', entries: tasks.entries },
  { title: 'tasks.backoff', of: 'BackoffOptions', entries: taskBackoff.entries },
  { title: 'tasks.breaker', of: 'BreakerOptions', entries: breaker.entries },
  { title: 'restart', of: 'RestartRules', entries: restartRules.entries },
  { title: 'restart.backoff', of: 'RestartLimits.backoff', entries: restartBackoff.entries },
  { title: 'restart.startup', of: 'RestartLimits', entries: startupLimits.entries, byDefault: 'as in `restart`' },
  { title: 'restart.parole', of: 'RestartRules.parole', entries: parole.entries },
  { title: 'restart.rules[]', of: 'RestartRule', entries: ruleOptions },
  { title: 'restart.rules[].when', of: 'FailureMatch', entries: failureMatch.entries },
  { title: 'quotas.*', of: 'QuotaOptions', entries: quotaEntries },
  { title: 'quotas.*: limits of a unit', of: 'QuotaLimit', entries: quotaLimit.entries },
  { title: 'quotas.*.adapt', of: 'QuotaAdaptOptions', entries: adapt.entries },
  { title: 'workers[].quota', of: 'WorkerQuotaOptions', entries: workerQuota.entries },
  { title: 'workers[].resourceLimits', of: 'ResourceLimits', entries: resourceLimits.entries },
  { title: 'workers[].recycle', of: 'RecycleOptions', entries: recycle.entries },
  { title: 'workers[].mailbox', of: 'MailboxOptions', entries: mailbox.entries },
  { title: 'pools[]', of: 'PoolOptions', entries: poolSchema.entries },
  { title: 'pools[].size', of: 'PoolSize', entries: poolSize.entries },
  { title: 'pools[].queue', of: 'PoolQueueOptions', entries: poolQueue.entries },
  { title: 'pools[].restart', of: 'PoolRestart', entries: poolRestart.entries },
  { title: 'log', of: 'LogOptions', entries: log.entries },
  { title: 'evidence', of: 'EvidenceOptions', entries: evidence.entries },
]

const opening = `# Every option

Made from the declarations in \`src/options\` by \`npm run docs:options\`; [configuration.md](configuration.md) tells how options are given. An option
without a default may be left out all the same, unless it is required.
`

const interfaces = new Map(
  readdirSync('src/options').flatMap((file) => {
    if (!file.endsWith('.ts')) return []
    const source = ts.createSourceFile(file, readFileSync(`src/options/${file}`, 'utf8'), ts.ScriptTarget.Latest, true)
    return source.statements.filter(ts.isInterfaceDeclaration).map((node) => [node.name.text, node] as const)
  }),
)

/** Aliases of types whose options stand in several forms of them. */
const aliases = new Map(
  readdirSync('src/options').flatMap((file) => {
    if (!file.endsWith('.ts')) return []
    const source = ts.createSourceFile(file, readFileSync(`src/options/${file}`, 'utf8'), ts.ScriptTarget.Latest, true)
    return source.statements.filter(ts.isTypeAliasDeclaration).map((node) => [node.name.text, node] as const)
  }),
)

const complaints: string[] = []
const seen = new Set<object>()
checkSections(droverSchema as unknown as Described, 'the system')
const page = `${opening}\n${sections.map(written).join('\n')}`
if (complaints.length > 0) fail([...new Set(complaints)].join('\n'))
const file = 'docs/options.md'
if (!process.argv.includes('--check')) writeFileSync(file, page)
else if (readFileSync(file, 'utf8') !== page) fail(`${file} is not as the options are declared: npm run docs:options`)

function fail(text: string): never {
  console.error(text)
  process.exit(1)
}

/** Every group of options has a section that shows all of it. A literal names a form, and stands there as one of a list. */
function checkSections(schema: Described | undefined, path: string): void {
  if (!schema || seen.has(schema)) return
  seen.add(schema)
  const { wrapped, item, value, rest, entries, forms = [], pipe = [] } = schema
  for (const part of [wrapped, item, value, rest, ...forms, ...pipe]) checkSections(part === schema ? undefined : part, path)
  if (!entries) return
  // One of several forms, which the section shows together.
  const isForm = 'do' in entries
  const shows = ({ entries: shown }: Section): boolean =>
    (isForm || Object.keys(shown).length === Object.keys(entries).length) &&
    Object.entries(entries).every(([key, entry]) => (shown as typeof entries)[key] === entry || (key in shown && entry.type === 'literal'))
  if (!sections.some(shows)) complaints.push(`${path}: no section of scripts/options-page.ts shows ${Object.keys(entries).join(', ')}`)
  for (const [key, entry] of Object.entries(entries)) checkSections(entry, path === 'the system' ? key : `${path}.${key}`)
}

function written({ title, of, entries, byDefault }: Section): string {
  const members = membersOf(of)
  const rows = Object.entries(entries as Record<string, Described>).map(([name, schema]) => {
    const member = members.get(name)
    if (!member) throw new Error(`${of} has no ${name}`)
    return row(`${of}.${name}`, name, member, schema, byDefault)
  })
  const about = of.includes('.') ? '' : docOf((interfaces.get(of) ?? aliases.get(of)) as ts.Node).text
  const head = '| option | type | allowed | default | meaning | with other options |\n|---|---|---|---|---|---|'
  return `## ${title}\n\n${about && `${plain(about)}\n\n`}${head}\n${rows.join('\n')}\n`
}

/** Those of an interface, and of those that it extends. */
function membersOf(of: string): Map<string, ts.PropertySignature> {
  const [name = '', option] = of.split('.')
  const alias = aliases.get(of)
  if (alias) return membersOfType(alias.type)
  const declared = interfaces.get(name)
  if (!declared) throw new Error(`there is no interface ${name}`)
  const above = (declared.heritageClauses ?? []).flatMap(({ types }) => types.map(({ expression }) => membersOf(expression.getText())))
  const own = new Map(declared.members.filter(ts.isPropertySignature).map((member) => [member.name.getText(), member]))
  const all = new Map([...above.flatMap((members) => [...members]), ...own])
  if (option === undefined) return all
  const type = all.get(option)?.type
  if (!type || !ts.isTypeLiteralNode(type)) throw new Error(`${of} has no type of its own`)
  return new Map(type.members.filter(ts.isPropertySignature).map((member) => [member.name.getText(), member]))
}

/** Those of all forms of a type; of an option that stands in several the one with docs. */
function membersOfType(type: ts.TypeNode): Map<string, ts.PropertySignature> {
  if (ts.isParenthesizedTypeNode(type)) return membersOfType(type.type)
  if (ts.isUnionTypeNode(type) || ts.isIntersectionTypeNode(type)) {
    const all = new Map<string, ts.PropertySignature>()
    for (const [name, member] of type.types.flatMap((part) => [...membersOfType(part)]))
      if (!all.has(name) || docOf(member).text !== '') all.set(name, member)
    return all
  }
  if (ts.isTypeLiteralNode(type))
    return new Map(type.members.filter(ts.isPropertySignature).map((member) => [member.name.getText(), member]))
  const alias = ts.isTypeReferenceNode(type) ? aliases.get(type.typeName.getText()) : undefined
  return alias && alias.name.text !== 'RestartDecision' ? membersOfType(alias.type) : new Map()
}

function docOf(node: ts.Node): { text: string; byDefault: string | undefined } {
  const comment = ts.getJSDocCommentsAndTags(node).find(ts.isJSDoc)?.getText() ?? ''
  const text = comment.replace(/^\/\*\*|\*\/$/g, '').replace(/^\s*\* ?/gm, '')
  const [meaning = '', byDefault] = text.split('@defaultValue').map((part) => part.replace(/\s+/g, ' ').trim())
  return { text: meaning, byDefault }
}

function row(of: string, name: string, member: ts.PropertySignature, schema: Described, groupDefault?: string): string {
  const doc = docOf(member)
  checkDefault(of, doc.byDefault, schema)
  checkBounds(of, doc.text, inner(schema).spans ?? [])
  const sentences = doc.text.split(/(?<=\.) (?=[A-Z`{'])/).filter((sentence) => !/^At least [\d_]+\.$/.test(sentence))
  const withOthers = sentences.filter((sentence) => /\{@link (\w+\.)?[a-z]/.test(sentence))
  const meaning = sentences.filter((sentence) => !withOthers.includes(sentence))
  const declared = member.type && !ts.isTypeLiteralNode(member.type) ? member.type.getText().replace(/\s+/g, ' ') : 'object'
  // One form of several has its own name there.
  const type = member.type && ts.isLiteralTypeNode(member.type) ? 'string' : declared
  const byDefault =
    schema.byDefault === undefined
      ? doc.byDefault
      : doc.byDefault?.replaceAll('`', '') === value(schema.byDefault)
        ? undefined
        : doc.byDefault
  const cells = [
    `\`${name}\``,
    `\`${type}\``,
    allowed(schema),
    groupDefault ??
      byDefault ??
      (schema.byDefault !== undefined ? `\`${value(schema.byDefault)}\`` : schema.type === 'optional' ? '' : 'required'),
    meaning.join(' '),
    withOthers.join(' '),
  ]
  return `| ${cells.map((cell) => plain(cell).replaceAll('|', '\\|')).join(' | ')} |`
}

function inner(schema: Described): Described {
  return schema.type === 'optional' && schema.wrapped ? schema.wrapped : schema
}

/** What it takes, in the words of the schema. Those of the last form speak of all forms. */
function allowed(schema: Described): string {
  const of = inner(schema)
  if (typeof of.message === 'string') return of.message
  const last = of.forms?.at(-1)
  if (last) return allowed(last)
  return of.type === 'unknown' ? 'anything that can be cloned' : ''
}

/** Where the docs name a default, it is that of the schema. */
function checkDefault(of: string, said: string | undefined, schema: Described): void {
  const group = inner(schema)
  const own = schema.byDefault ?? (said?.startsWith('`{') ? group.defaults : undefined)
  if (own === undefined) {
    if (said !== undefined && /^([\d_.]+|'[^']*'|true|false|Infinity)$/.test(said))
      complaints.push(`${of}: its docs have a default (${said}), its schema has none`)
    return
  }
  const expected = value(own)
  if (said !== undefined && !said.replaceAll('`', '').startsWith(expected))
    complaints.push(`${of}: its docs say ${said}, its schema ${expected}`)
}

/** Where the docs name bounds in numbers, they are those of the schema. */
function checkBounds(of: string, text: string, spans: Span[]): void {
  const number = (digits: string | undefined) => Number(digits?.replaceAll('_', ''))
  const least = /(?:At least|milliseconds, at least) (\d[\d_]*)/.exec(text)
  if (least && spans.length > 0 && !spans.some(({ min }) => min === number(least[1])))
    complaints.push(`${of}: its docs say ${least[0]}, not its schema`)
  const range = /\b(\d[\d_]*) to (\d[\d_]*)\b/.exec(text)
  if (!range || spans.length === 0) return
  if (!spans.some(({ min, max }) => min === number(range[1]) && max === number(range[2])))
    complaints.push(`${of}: its docs say ${range[0]}, not its schema`)
}

/** As one writes it in a program. */
function value(of: unknown): string {
  if (typeof of === 'string') return `'${of}'`
  if (typeof of === 'number') return String(of).replace(/\B(?=(\d{3})+$)/g, '_')
  if (typeof of !== 'object' || of === null) return String(of)
  return `{ ${Object.entries(of)
    .map(([key, part]) => `${key}: ${value(part)}`)
    .join(', ')} }`
}

function plain(text: string): string {
  return text.replace(/\{@link (?:\w+\.)?([\w]+)\}/g, '`$1`')
}
