/** The Markdown of this repository, as far as tests look at it: code fences, headings, links. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { lexer, type Token, walkTokens } from 'marked'

/** Not by this file's own place: what runs is built elsewhere. */
export const root = process.cwd()

/** A block of code. */
export interface Fence {
  page: string
  /** Where its text begins in the page, from 1. */
  line: number
  /** The first word after the backticks. */
  language: string
  /** The second one: the name of a file that can have no comments. */
  name: string
  text: string
}

export interface Link {
  target: string
  /** Where the block that has it begins, from 1. */
  line: number
}

export interface Page {
  /** Relative to the root, with slashes. */
  path: string
  text: string
  fences: Fence[]
  /** Where the first `##` is, from 1; Infinity: there is none. */
  firstSection: number
  /** What GitHub calls its headings. */
  anchors: Set<string>
  links: Link[]
}

const ignored = new Set(['node_modules', 'dist', 'data', 'coverage', '.tmp', '.git'])

/** Every Markdown file of the repository. */
export function markdownFiles(folder = ''): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`
    if (entry.isDirectory()) return ignored.has(entry.name) ? [] : markdownFiles(path)
    return entry.name.endsWith('.md') ? [path] : []
  })
}

/** README and the pages of the guide: their code is checked. */
export function guidePages(): Page[] {
  const pages = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'))
  return ['README.md', ...pages.sort().map((name) => `docs/${name}`)].map((path) => readPage(path))
}

export function readPage(path: string, text = readFileSync(join(root, path), 'utf8')): Page {
  const page: Page = { path, text, fences: [], firstSection: Number.POSITIVE_INFINITY, anchors: new Set(), links: [] }
  let line = 1
  for (const block of lexer(text)) {
    walkTokens([block], (token) => void take(page, token, line))
    line += block.raw.split('\n').length - 1
  }
  return page
}

function take(page: Page, token: Token, line: number): void {
  if (token.type === 'link' || token.type === 'image') page.links.push({ target: String(token.href), line })
  if (token.type === 'heading') {
    page.anchors.add(anchorOf(String(token.text), page.anchors))
    if (token.depth === 2) page.firstSection = Math.min(page.firstSection, line)
  }
  if (token.type === 'code' && token.raw.startsWith('```')) {
    const [language = '', name = ''] = String(token.lang ?? '').split(' ')
    page.fences.push({ page: page.path, line: line + 1, language, name, text: `${token.text}\n` })
  }
}

/** GitHub's: lower case, without punctuation, numbered where it is not the first of its name. */
function anchorOf(heading: string, taken: ReadonlySet<string>): string {
  const plain = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase()
  const anchor = plain.replace(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '').replaceAll(' ', '-')
  for (let number = 0; ; number++) {
    const numbered = number === 0 ? anchor : `${anchor}-${number}`
    if (!taken.has(numbered)) return numbered
  }
}
