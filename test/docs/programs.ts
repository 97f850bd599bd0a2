/**
 * The programs of a page, as its reader would paste them. `docs/README.md` tells the reader the same:
 *
 * - code whose first line is a comment with a file name is that file; JSON has its name behind the word `json`
 * - a file that is no worker is a program: it runs in an empty folder, beside the files that the page has shown before
 * - the next fence, if it is a `console`, says how it is called and what it prints; `...` stands for anything
 * - all other code in JavaScript or TypeScript is a fragment
 */
import type { Fence, Page } from './markdown.js'

export interface Program {
  page: string
  line: number
  name: string
  /** All files of its folder, by name. */
  files: ReadonlyMap<string, string>
  session: Call[]
}

/** One call of a program. */
export interface Call {
  /** As they stand behind `node`. */
  args: string[]
  /** Whether what it says on stderr counts. */
  stderr: boolean
  /** null: the page does not say what it prints. */
  prints: string | null
  exitCode: number
}

/** A page's code: what is run, and all that is checked. */
export interface Code {
  programs: Program[]
  fragments: Fence[]
}

export function codeOf(page: Page): Code {
  const files = new Map<string, string>()
  const programs: Program[] = []
  const fragments: Fence[] = []
  for (const [index, fence] of page.fences.entries()) {
    const name = fileName(fence)
    if (name !== null) files.set(name, fence.text)
    else if (isScript(fence)) fragments.push(fence)
    if (name === null || !isScript(fence) || isWorker(name)) continue
    const next = page.fences[index + 1]
    const session = next?.language === 'console' ? callsIn(next) : [{ args: [name], stderr: false, prints: null, exitCode: 0 }]
    programs.push({ page: page.path, line: fence.line, name, files: new Map(files), session })
  }
  return { programs, fragments }
}

const isScript = ({ language }: Fence): boolean => language === 'js' || language === 'ts'
const isWorker = (name: string): boolean => /\.worker\.[jt]s$/.test(name)

function fileName({ language, name, text }: Fence): string | null {
  if (language === 'json' || language === 'jsonl') return name === '' ? null : name
  return /^\/\/ ([\w./-]+\.(?:js|ts))\n/.exec(text)?.[1] ?? null
}

/** `$ node main.js` and what it prints; `$ echo $?` and the exit code of the call before it. */
function callsIn({ page, line, text }: Fence): Call[] {
  const calls: Call[] = []
  for (const part of text.split(/^\$ /m).slice(1)) {
    const [command = '', ...lines] = part.split('\n')
    const printed = lines.join('\n')
    const last = calls.at(-1)
    if (command === 'echo $?' && last) last.exitCode = Number(printed)
    else if (command.startsWith('node ')) {
      const args = command.split(' ').slice(1)
      const stderr = args.at(-1) === '2>&1'
      calls.push({ args: stderr ? args.slice(0, -1) : args, stderr, prints: printed, exitCode: 0 })
    } else throw new Error(`${page}:${line}: a session has "$ node ..." and "$ echo $?", not "$ ${command}"`)
  }
  return calls
}

/** Whether a program printed what its page says. */
export function fits(printed: string, expected: string): boolean {
  const lines = expected.trim() === '' ? [] : expected.trimEnd().split('\n')
  const pattern = lines.map((line) => (line === '...' ? '(?:.*\n)*?' : `${line.split('...').map(escaped).join('.*')}\n`)).join('')
  return new RegExp(`^${pattern}$`).test(printed.trimEnd() === '' ? '' : `${printed.trimEnd()}\n`)
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
