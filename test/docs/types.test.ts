/** All code in README and docs, and all examples of the API, type-check under `strict`, against the types of the built package. `npm run package` checks `test/types` so. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { apiTags } from './api.js'
import { guidePages, type Page } from './markdown.js'
import { codeOf } from './programs.js'
import { makeProject, writeFiles } from './project.js'
import { mistakesIn } from './type-check.js'

const { folder, remove } = makeProject()
process.on('exit', remove)

/** A fragment that begins with a name and a colon is some of the options of `createDrover`. */
function whole(text: string): string {
  if (/^[\w'-]+: /.test(text)) return `({${text}}) satisfies Partial<import('drover').DroverOptions>`
  return text
}

/** Where a file's code comes from: its page, and the line of the page before its first. */
const sources = new Map<string, { page: string; before: number }>()

function write(page: Page): string[] {
  const { programs, fragments } = codeOf(page)
  const place = page.path.replaceAll('/', '-')
  const named = programs.flatMap(({ line, name, files }) => {
    const own = writeFiles(folder, `${place}-${line}`, files)
    sources.set(`${place}-${line}/${name}`, { page: page.path, before: line - 1 })
    return [...files.keys()].filter((file) => /\.[jt]s$/.test(file)).map((file) => `${own}/${file}`)
  })
  const parts = fragments.map(({ line, language, text }) => {
    const name = `fragment.${language}`
    const own = writeFiles(folder, `${place}-${line}`, new Map([[name, whole(text)]]))
    sources.set(`${place}-${line}/${name}`, { page: page.path, before: line - 1 })
    return `${own}/${name}`
  })
  return [...named, ...parts]
}

test('all code of README and docs type-checks under strict', () => {
  const files = guidePages().flatMap(write)
  assert.ok(files.length > 0)
  const mistakes = mistakesIn(folder, ['globals.d.ts'], files, (path, line) => {
    const source = sources.get(path)
    return source ? `${source.page}:${source.before + line}` : `${path}:${line}`
  })
  assert.equal(mistakes, [])
})

test('every example of the exported API type-checks under strict', () => {
  const places = new Map<string, string>()
  const examples = apiTags().filter(({ name }) => name === 'example')
  const files = examples.map(({ at, text }, index) => {
    places.set(`example-${index}/example.ts`, at)
    return `${writeFiles(folder, `example-${index}`, new Map([['example.ts', `${text}\n`]]))}/example.ts`
  })
  const mistakes = mistakesIn(folder, ['globals.d.ts', 'examples.d.ts'], files, (path, line) => {
    const at = places.get(path)
    return at === undefined ? `${path}:${line}` : `${at}, line ${line} of its example`
  })
  assert.equal(mistakes, [])
})

test.run()
