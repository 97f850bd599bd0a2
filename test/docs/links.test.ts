/** Links within the repository lead somewhere: to a file, a folder, a heading, a picture. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { markdownFiles, type Page, readPage, root } from './markdown.js'

const pages = new Map(markdownFiles().map((path) => [path, readPage(path)]))

/** Why a link leads nowhere; null: it leads somewhere, or out of the repository. */
function broken(page: Page, target: string): string | null {
  if (/^[a-z][a-z+.-]*:/.test(target)) return null
  const [path = '', anchor] = target.split('#')
  const file = path === '' ? page.path : posix.normalize(posix.join(posix.dirname(page.path), decodeURIComponent(path)))
  if (file !== page.path && (file.startsWith('..') || !existsSync(`${root}/${file}`))) return `there is no ${file}`
  if (anchor === undefined) return null
  const there = file === page.path ? page : pages.get(file)
  if (!there) return `${file} is no Markdown, and has no #${anchor}`
  return there.anchors.has(anchor) ? null : `${file} has no heading #${anchor}`
}

const filesIn = (folder: string): string[] =>
  readdirSync(`${root}/${folder}`, { recursive: true, encoding: 'utf8' }).map((file) => `${folder}/${file}`)

for (const page of pages.values()) {
  test(`every link of ${page.path} leads somewhere`, () => {
    const wrong = page.links.flatMap(({ target, line }) => {
      const why = broken(page, target)
      return why === null ? [] : [`${page.path}:${line}: ${target}: ${why}`]
    })
    assert.equal(wrong, [])
  })
}

test('every source file that a page or a comment names is there', () => {
  const files = ['src', 'scripts', 'test'].flatMap(filesIn)
  const isThere = (name: string): boolean =>
    files.includes(name) || files.includes(`src/${name}`) || (!name.includes('/') && files.some((file) => file.endsWith(`/${name}`)))
  const comments = ['src', 'scripts'].flatMap(filesIn).flatMap((path) => {
    if (!/\.tsx?$/.test(path)) return []
    const text = readFileSync(`${root}/${path}`, 'utf8').match(/\/\*\*[\s\S]*?\*\/|(?<=^\s*)\/\/.*$/gm) ?? []
    return [{ path, text: text.join('\n') }]
  })
  const wrong = [...pages.values(), ...comments].flatMap(({ path, text }) => {
    const prose = text.replace(/```[\s\S]*?```/g, '')
    const named = [...prose.matchAll(/`([\w./-]+\.(?:ts|tsx|mjs))`/g)].map(([, name]) => name as string)
    return named.filter((name) => !isThere(name)).map((name) => `${path}: ${name}`)
  })
  assert.equal(wrong, [])
})

test('every page that the sources name is there', () => {
  const wrong = ['src', 'scripts']
    .flatMap(filesIn)
    .filter((file) => /\.[jt]sx?$/.test(file))
    .flatMap((file) => {
      const named = readFileSync(`${root}/${file}`, 'utf8').match(/(?<![\w/.-])docs\/[\w-]+\.md/g) ?? []
      return named.filter((path) => !pages.has(path)).map((path) => `${file}: ${path}`)
    })
  assert.equal(wrong, [])
})

test('a link to a file, a heading or a picture that is not there is found', () => {
  const page = readPage(
    'docs/planted.md',
    '# A `b`: c\n\n[a](#a-b-c) [b](http.md) [c](nowhere.md) [d](#d) ![e](images/none.png) [f](http.md#none)\n',
  )
  assert.equal(
    page.links.filter(({ target }) => broken(page, target) !== null).map(({ target }) => target),
    ['nowhere.md', '#d', 'images/none.png', 'http.md#none'],
  )
})

test.run()
