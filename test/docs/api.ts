/** What the docs of the exported API say, read from the types of the built package: nothing internal is left there. */
import { readdirSync } from 'node:fs'
import ts from 'typescript'
import { root } from './markdown.js'
// Which builds it.
import './project.js'

/** One tag of one docblock. */
export interface Tag {
  /** What it stands at: `createDrover`, `Drover.start`. */
  at: string
  /** `example`, `throws`, ... */
  name: string
  text: string
}

/** Every tag of every docblock of the exported API. */
export function apiTags(): Tag[] {
  const files = readdirSync(`${root}/dist`).filter((name) => name.endsWith('.d.ts'))
  return files.flatMap((name) => {
    const source = ts.createSourceFile(name, ts.sys.readFile(`${root}/dist/${name}`) ?? '', ts.ScriptTarget.Latest, true)
    return tagsBelow(source, [])
  })
}

function tagsBelow(node: ts.Node, above: string[]): Tag[] {
  const name = nameOf(node)
  const path = name === null ? above : [...above, name]
  const own = ts.getJSDocCommentsAndTags(node).flatMap((part) => (ts.isJSDoc(part) && part.parent === node ? [...(part.tags ?? [])] : []))
  const tags = own.map((tag) => ({ at: path.join('.'), name: tag.tagName.text, text: ts.getTextOfJSDocComment(tag.comment) ?? '' }))
  const below: Tag[] = []
  ts.forEachChild(node, (child) => void below.push(...tagsBelow(child, path)))
  return [...tags, ...below]
}

function nameOf(node: ts.Node): string | null {
  // Docs stand above the statement.
  if (ts.isVariableStatement(node)) return node.declarationList.declarations[0]?.name.getText() ?? null
  if (ts.isVariableDeclaration(node)) return null
  const { name } = node as { name?: ts.Node }
  return name && (ts.isIdentifier(name) || ts.isComputedPropertyName(name)) ? name.getText() : null
}
