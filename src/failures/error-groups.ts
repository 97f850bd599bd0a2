/**
 * Groups errors by cause: by code, by message without its varying parts, and by the first line of the user's own code in the
 * stack. All counts of errors in drover use these groups.
 */
import { sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ErrorGroup, ErrorKind, ErrorRecord } from '../errors.js'
import { ownFolder } from '../values/own-folder.js'

/** The most kinds; all further errors count as {@link otherErrors}. */
const mostGroups = 100
const mostWorkers = 20
const longestMessage = 500
const deepest = 5

/** The group of all errors beyond {@link mostGroups}. */
export const otherErrors: ErrorKind = { id: 'other', code: 'OTHER', message: 'other errors', where: null }

/**
 * Whether a thread could not find drover's own modules. They exist, because this host runs on them: a process that may open no
 * more files cannot look, and Node.js reports this as not found.
 */
export function isOwnModuleMissing(error: ErrorRecord): boolean {
  return causesOf(error).some(({ message }) => {
    const from = /^Cannot find (?:package|module) .+ imported from (?:file:\/\/)?(.+)$/m.exec(message)?.[1]
    return from?.startsWith(ownFolder) === true
  })
}

/** @param error already redacted */
export function kindOf(error: ErrorRecord): ErrorKind {
  const chain = causesOf(error)
  const code = chain.find((one) => one.code !== undefined)?.code ?? error.name
  const message = messageOf(chain)
  const where = firstFrame(chain)
  // Each thread has this file, and most never see an error: loading it takes a tenth of what is ours of a thread's start.
  const id = process
    .getBuiltinModule('node:crypto')
    .createHash('sha256')
    .update(`${code}\n${steady(message)}\n${where}`)
    .digest('hex')
    .slice(0, 12)
  return { id, code, message, where }
}

/** One line for people: the error and its place. */
export function describeKind({ code, message, where }: ErrorKind): string {
  const what = message.includes(code) ? message : `${code}: ${message}`
  return where === null ? what : `${what} (${fromHere(where)})`
}

/** Where and when an error came up. */
interface Occurrence {
  /** `''`: no worker. */
  worker: string
  at: number
  example: ErrorGroup['example']
}

/** Counts errors by kind. */
export class ErrorGroups {
  readonly #groups = new Map<string, ErrorGroup>()

  /** @param error already redacted */
  add(error: ErrorRecord, of: Occurrence): void {
    this.addKind(kindOf(error), of)
  }

  /** One more error of a kind. */
  addKind(kind: ErrorKind, { worker, at, example }: Occurrence): void {
    this.merge({ ...kind, count: 1, workers: worker === '' ? [] : [worker], lastAt: at, example })
  }

  merge(group: ErrorGroup): void {
    const known = this.#groups.get(group.id)
    if (!known && this.#groups.size >= mostGroups && group.id !== otherErrors.id) {
      this.merge({ ...group, ...otherErrors, example: null })
      return
    }
    if (!known) {
      this.#groups.set(group.id, { ...group, workers: group.workers.slice(0, mostWorkers) })
      return
    }
    known.count += group.count
    known.lastAt = Math.max(known.lastAt, group.lastAt)
    for (const worker of group.workers) {
      if (known.workers.length < mostWorkers && !known.workers.includes(worker)) known.workers.push(worker)
    }
  }

  /** The most frequent first. */
  list(): ErrorGroup[] {
    return [...this.#groups.values()].sort((a, b) => b.count - a.count || b.lastAt - a.lastAt)
  }
}

function causesOf(error: ErrorRecord): ErrorRecord[] {
  const chain: ErrorRecord[] = []
  for (let one: ErrorRecord | undefined = error; one && chain.length < deepest; one = one.cause) chain.push(one)
  return chain
}

/** `fetch failed: connect ECONNREFUSED 127.0.0.1:80`: without its cause the first half says nothing. */
function messageOf(chain: readonly ErrorRecord[]): string {
  const [{ name }] = chain as [ErrorRecord]
  const said: string[] = []
  for (const { message, code } of chain) {
    const text = firstLine(message) || (said.length > 0 ? (code ?? '') : '')
    if (text !== '' && !said.some((before) => before.includes(text))) said.push(text)
  }
  const own = said.join(': ')
  const told = ['Error', 'NonError', 'TaskError', 'DroverError'].includes(name) || own.startsWith(name)
  const message = told ? own : own === '' ? name : `${name}: ${own}`
  return message.length > longestMessage ? `${message.slice(0, longestMessage)}…` : message
}

function firstLine(message: string): string {
  const text = message.trimStart()
  const end = text.indexOf('\n')
  return end === -1 ? text : text.slice(0, end).trimEnd()
}

/** A message without the parts that differ from task to task: numbers, ids, quoted texts. The status of an HTTP answer stays. */
function steady(message: string): string {
  return (
    message
      // A word is matched only from its start; from each letter, a long word would take quadratic time.
      .replace(
        /(\b(?:http|status|code)\b[\s:=(]*\d{3}\b)|(?<!\w)(["'`])(?:(?!\2).)*\2|(?<![\w-])[\w-]*\d[\w-]*/gi,
        (_, status?: string) => status ?? '#',
      )
      .replace(/#(?:[^\w#]{0,2}#)+/g, '#')
  )
}

/** The first frame in the user's own code, else in a package that it uses. */
function firstFrame(chain: readonly ErrorRecord[]): string | null {
  let inPackage: string | null = null
  for (const { stack } of chain) {
    for (const line of stack?.split('\n') ?? []) {
      const frame = frameOf(line)
      if (frame === null || frame.startsWith(ownFolder)) continue
      if (!frame.includes(`node_modules${sep}`)) return frame
      inPackage ??= frame
    }
  }
  return inPackage
}

/**
 * The place that a line of a stack names, as `file:line:column`. Each expression takes linear time, because the line may be any
 * text.
 */
function frameOf(line: string): string | null {
  const called = /^\s+at /.exec(line)?.[0]
  const place = /:\d+:\d+(?=\)?$)/.exec(line)
  if (called === undefined || !place) return null
  const named = line.slice(called.length, place.index)
  const url = / \(((?:file:\/\/|\/|[A-Za-z]:\\).*)/.exec(named)?.[1] ?? named
  if (!/^(?:file:\/\/|\/|[A-Za-z]:\\)/.test(url)) return null
  const query = url.indexOf('?', url.lastIndexOf(':') + 1)
  const file = query === -1 ? url : url.slice(0, query)
  try {
    return `${file.startsWith('file:') ? fileURLToPath(file) : file}${place[0]}`
  } catch {
    return null
  }
}

/** Relative to the working directory if it is below it: shorter, and still clickable. */
function fromHere(where: string): string {
  const here = process.cwd() + sep
  return where.startsWith(here) ? where.slice(here.length) : where
}
