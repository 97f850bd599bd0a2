/**
 * Holds the sizes of `src/` against their limits: a file has at most 300 lines, a function 80. What is longer on purpose stands in the table of
 * ARCHITECTURE.md, with the reason; a row that nothing needs any more fails too. Part of `npm run lint`.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import ts from 'typescript'

const mostInFile = 300
const mostInFunction = 80

/**
 * What is longer than it may be, by name: a file's path below `src/`, or `function in file`.
 *
 * @param {string} file below `src/`
 * @param {string} text
 * @returns {Map<string, number>} with its lines
 */
export function tooLong(file, text) {
  const found = new Map()
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true, file.endsWith('x') ? ts.ScriptKind.TSX : ts.ScriptKind.TS)
  const lines = text.split('\n').length - (text.endsWith('\n') ? 1 : 0)
  if (lines > mostInFile) found.set(file, lines)
  const visit = (/** @type {ts.Node} */ node) => {
    if (ts.isFunctionLike(node) && 'body' in node && node.body) {
      const length = linesOf(node, source) - withNames(node).reduce((sum, inner) => sum + linesOf(inner, source), 0)
      if (length > mostInFunction) found.set(`${nameOf(node)} in ${file}`, length)
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

/** @param {ts.Node} node @param {ts.SourceFile} source */
function linesOf(node, source) {
  const line = (/** @type {number} */ at) => source.getLineAndCharacterOfPosition(at).line
  return line(node.end) - line(node.getStart(source)) + 1
}

/**
 * The functions with a name directly within one: operations over shared state, as the methods of a class are. Each counts by itself.
 *
 * @param {ts.Node} node
 * @returns {ts.Node[]}
 */
function withNames(node) {
  /** @type {ts.Node[]} */
  const found = []
  const visit = (/** @type {ts.Node} */ inner) => {
    const isMember = ts.isFunctionDeclaration(inner) || ts.isMethodDeclaration(inner)
    const isNamed = ts.isArrowFunction(inner) && (ts.isVariableDeclaration(inner.parent) || ts.isPropertyAssignment(inner.parent))
    if (isMember || isNamed) found.push(inner)
    else ts.forEachChild(inner, visit)
  }
  ts.forEachChild(node, visit)
  return found
}

/** @param {ts.Node} node */
function nameOf(node) {
  if (ts.isConstructorDeclaration(node)) return 'constructor'
  const named = 'name' in node && node.name ? node : node.parent
  return 'name' in named && named.name ? /** @type {ts.Node} */ (named.name).getText() : 'a function'
}

/**
 * Those that the table names, some of them in one row: `file`, or `function` in `file`.
 *
 * @param {string} text of ARCHITECTURE.md
 */
export function longOnPurpose(text) {
  const [, table = ''] = /\| file, function \| why \|\n\|-+\|-+\|\n((?:\|.*\|\n)*)/.exec(text) ?? []
  return table
    .split('\n')
    .filter((row) => row !== '')
    .flatMap((row) => (row.split('|')[1] ?? '').split(','))
    .map((name) => name.replaceAll('`', '').trim())
}

/**
 * @param {Map<string, number>} found
 * @param {string[]} allowed
 * @returns {string[]} what is wrong
 */
export function complaints(found, allowed) {
  const unexplained = [...found].filter(([name]) => !allowed.includes(name))
  return [
    ...unexplained.map(([name, lines]) => `${name}: ${lines} lines, more than ${name.includes(' in ') ? mostInFunction : mostInFile}`),
    ...allowed.filter((name) => !found.has(name)).map((name) => `${name}: ARCHITECTURE.md says why it is long, but it is not`),
  ]
}

if (process.argv[1] === resolve(import.meta.dirname, 'sizes.js')) {
  const src = resolve(import.meta.dirname, '../src')
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) => /\.tsx?$/.test(file))
  const found = new Map(files.flatMap((file) => [...tooLong(file.replaceAll('\\', '/'), readFileSync(resolve(src, file), 'utf8'))]))
  const wrong = complaints(found, longOnPurpose(readFileSync(resolve(src, '../ARCHITECTURE.md'), 'utf8')))
  for (const line of wrong) console.error(line)
  if (wrong.length > 0) process.exitCode = 1
}
