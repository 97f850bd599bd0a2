/**
 * Makes of the sources and tests what runs without a loader: the same tree in `.tmp/built`, in JavaScript, with maps to the sources. A loader compiles
 * anew in each process, and takes each thread a quarter of a second of a processor to start; the tests start thousands.
 */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))
const built = join(root, '.tmp', 'built')

/** What holds TypeScript that runs. All else that a test may look for from its own place is linked. */
const folders = ['bench', 'scripts', 'src', 'test']
const apart = new Set([...folders, 'node_modules', '.git', '.tmp'])
const typescript = /(?<!\.d)\.tsx?$/

/** @param {string} file of the sources @returns {string} what runs in its place */
export const builtOf = (file) => join(built, file.slice(root.length)).replace(typescript, '.js')

/** Builds what has changed since the last time. Others may do so at the same time: each file comes whole. */
export async function build() {
  mkdirSync(built, { recursive: true })
  for (const name of readdirSync(root)) if (!apart.has(name)) link(join(root, name), join(built, name))
  patchUvu()
  const sources = folders.flatMap((folder) => filesIn(join(root, folder)))
  removeOthers(new Set(sources.map(builtOf)))
  const stale = sources.filter((source) => changedAt(builtOf(source)) !== changedAt(source))
  for (const source of stale) if (!typescript.test(source)) put(source, (file) => copyFileSync(source, file))
  await compile(stale.filter((source) => typescript.test(source)))
}

/** @param {string[]} sources */
async function compile(sources) {
  if (sources.length === 0) return
  const esbuild = await import('esbuild')
  const { outputFiles } = await esbuild.build({
    entryPoints: sources,
    absWorkingDir: root,
    outdir: built,
    outbase: root,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    keepNames: true,
    sourcemap: 'inline',
    sourcesContent: false,
    write: false,
  })
  const texts = new Map(outputFiles.map(({ path, contents }) => [path, contents]))
  for (const source of sources) {
    const text = texts.get(builtOf(source))
    if (text) put(source, (file) => writeFileSync(file, text))
  }
}

/** As old as its source, by which it is known to be made of it. @param {string} source @param {(file: string) => void} write */
function put(source, write) {
  const file = builtOf(source)
  const own = `${file}.${process.pid}`
  mkdirSync(dirname(file), { recursive: true })
  write(own)
  const { atime, mtime } = statSync(source)
  utimesSync(own, atime, mtime)
  renameSync(own, file)
}

/** Rounded, as the time that is given to a file is. @param {string} file */
const changedAt = (file) => Math.round(statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0)

/** @param {string} folder @returns {string[]} */
function filesIn(folder) {
  const entries = existsSync(folder) ? readdirSync(folder, { recursive: true, withFileTypes: true }) : []
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}

/** A module whose source is gone must not be found any more. @param {Set<string>} wanted */
function removeOthers(wanted) {
  for (const folder of folders) {
    for (const file of filesIn(join(built, folder))) if (!wanted.has(file) && /\.[a-z]+$/.test(file)) rmSync(file, { force: true })
  }
}

/** @param {string} target @param {string} path */
function link(target, path) {
  try {
    symlinkSync(target, path, 'junction')
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error
  }
}

/**
 * uvu prints `error.details` as text. Where it is something else, as in a DroverError, it stops halfway with exit code 0 and not a
 * word; so tests get one that prints only texts. (uvu 0.5.6, its last release.)
 */
function patchUvu() {
  const from = "let { details, operator='' } = err;"
  const to = "let { details, operator='' } = err ?? {}; if (typeof details !== 'string') details = undefined;"
  for (const source of filesIn(join(root, 'node_modules', 'uvu'))) {
    const file = join(built, source.slice(root.length))
    if (existsSync(file)) continue
    const text = readFileSync(source, 'utf8')
    const patched = source.endsWith(`${sep}dist${sep}index.mjs`)
    if (patched && !text.includes(from)) throw new Error('uvu has changed: test/build.mjs does not fit it any more')
    const own = `${file}.${process.pid}`
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(own, patched ? text.replace(from, to) : text)
    renameSync(own, file)
  }
}
