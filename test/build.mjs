/**
 * Makes of the sources and tests what runs without a loader: the same tree in `.tmp/built`, in JavaScript, with maps to the sources. A loader compiles
 * anew in each process, and takes each thread a quarter of a second of a processor to start; the tests start thousands.
 */
import {
  copyFileSync,
  existsSync,
  lstatSync,
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
import { buildLayers } from './layers.mjs'

export const root = fileURLToPath(new URL('..', import.meta.url))
const built = join(root, '.tmp', 'built')

/** What holds TypeScript that runs. All else that a test may look for from its own place is linked. */
const folders = ['bench', 'scripts', 'src', 'test']
const apart = new Set([...folders, 'package.json', 'node_modules', '.git', '.tmp'])

/**
 * Where threads and processes begin, and what a worker's module imports. Each group is bundled, as in `tsup.config.ts`: file by file,
 * loading would be more than a third of what a thread costs.
 */
const bundles = [
  [
    'src/worker.ts',
    'src/threads/isolation/thread-entry.ts',
    'src/threads/isolation/process-entry.ts',
    'src/threads/isolation/process-observer.ts',
  ],
  ['src/store/thread/store-thread.ts'],
  ['src/store/read-pool/reader-thread.ts'],
  ['src/pools/pool-thread.ts'],
  ['test/fixtures/quota-thread.ts'],
].map((group) => group.map((entry) => join(root, entry)))
const bundled = new Set(bundles.flat())
/** What the entries of a group share. */
const chunks = join(built, 'src', 'chunks')

const typescript = /(?<!\.d)\.tsx?$/

/** @param {string} file of the sources @returns {string} what runs in its place */
export const builtOf = (file) => join(built, file.slice(root.length)).replace(typescript, '.js')

/** Builds what has changed since the last time. Others may do so at the same time: each file comes whole. */
export async function build() {
  mkdirSync(built, { recursive: true })
  for (const name of readdirSync(root)) if (!apart.has(name)) link(join(root, name), join(built, name))
  patchUvu()
  putPackage()
  const sources = folders.flatMap((folder) => filesIn(join(root, folder)))
  removeOthers(new Set(sources.map(builtOf)))
  // What another version of them has built does not count.
  const another = ['test/build.mjs', 'test/layers.mjs', 'scripts/rooms.js'].some((file) => isStale(join(root, file)))
  const stale = sources.filter((source) => another || isStale(source))
  await compile(stale.filter((source) => typescript.test(source)))
  for (const source of stale) if (!typescript.test(source)) put(source, (file) => copyFileSync(source, file))
}

/** @param {string[]} stale */
async function compile(stale) {
  if (stale.length === 0) return
  /** @type {import('./layers.mjs').Output[]} */
  const outputs = []
  /** @type {Map<string, import('./layers.mjs').Output>} */
  let stands = new Map()
  if (stale.some((source) => source.startsWith(join(root, 'src')) || bundled.has(source))) {
    const parts = bundles.map((entryPoints) =>
      transpile({ entryPoints, bundle: true, splitting: true, external: ['better-sqlite3'], chunkNames: 'src/chunks/[hash]' }),
    )
    const sources = filesIn(join(root, 'src')).filter((source) => typescript.test(source) && !bundled.has(source))
    const layers = await buildLayers({ root, sources, folder: chunks, builtOf, transpile })
    stands = layers.stands
    // They come first: they are known to be old by the files that they are made of.
    outputs.push(...layers.files, ...stands.values(), ...(await Promise.all(parts)).flatMap(({ outputFiles = [] }) => outputFiles))
  }
  const { outputFiles = [] } = await transpile({ entryPoints: stale.filter((source) => !bundled.has(source) && !stands.has(source)) })
  outputs.push(...outputFiles)
  const sources = new Map([...stale, ...bundled, ...stands.keys()].map((source) => [builtOf(source), source]))
  for (const { path, contents } of outputs.filter(({ path }) => !sources.has(path))) replace(path, (file) => writeFileSync(file, contents))
  for (const { path, contents } of outputs) {
    const source = sources.get(path)
    if (source) put(source, (file) => writeFileSync(file, contents))
  }
}

/** @param {import('esbuild').BuildOptions} options */
async function transpile(options) {
  const esbuild = await import('esbuild')
  return await esbuild.build({
    ...options,
    absWorkingDir: root,
    outdir: built,
    outbase: root,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    sourcemap: 'inline',
    sourcesContent: false,
    write: false,
  })
}

/** As old as its source, by which it is known to be made of it. @param {string} source @param {(file: string) => void} write */
function put(source, write) {
  replace(builtOf(source), (file) => {
    write(file)
    const { atime, mtime } = statSync(source)
    utimesSync(file, atime, mtime)
  })
}

/** In one step: another may read it now. @param {string} file @param {(file: string) => void} write */
function replace(file, write) {
  const own = `${file}.${process.pid}`
  mkdirSync(dirname(file), { recursive: true })
  write(own)
  renameSync(own, file)
}

/** Rounded, as the time that is given to a file is. @param {string} file */
const changedAt = (file) => Math.round(statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0)

/** @param {string} source */
const isStale = (source) => changedAt(builtOf(source)) !== changedAt(source)

/** @param {string} folder @returns {string[]} */
function filesIn(folder) {
  const entries = existsSync(folder) ? readdirSync(folder, { recursive: true, withFileTypes: true }) : []
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}

/** A module whose source is gone must not be found any more. @param {Set<string>} wanted */
function removeOthers(wanted) {
  for (const file of folders.flatMap((folder) => filesIn(join(built, folder)))) {
    if (!wanted.has(file) && !file.startsWith(chunks) && /\.[a-z]+$/.test(file)) rmSync(file, { force: true })
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

/** By the package's name, what is built is found, and not `dist`. */
function putPackage() {
  const file = join(built, 'package.json')
  const { name, version, type, exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const entries = Object.entries(exports).map(([path, entry]) => [path, entry.default?.replace(/^\.\/dist/, './src') ?? entry])
  const text = JSON.stringify({ name, version, type, exports: Object.fromEntries(entries) })
  if (lstatSync(file, { throwIfNoEntry: false })?.isFile() && readFileSync(file, 'utf8') === text) return
  replace(file, (own) => writeFileSync(own, text))
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
    replace(file, (own) => writeFileSync(own, patched ? text.replace(from, to) : text))
  }
}
