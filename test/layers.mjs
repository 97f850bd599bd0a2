/**
 * What the main thread of a test or of a host loads of `src/`, in a few files instead of hundreds, which takes a third of a second of a processor less.
 * A layer is made of rooms, and imports only lower ones. In the place of each source is a file that exports what its layer has of it, so that every
 * module is there once, however it is asked for.
 */
import { readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { filesOf, rooms } from '../scripts/rooms.js'

const names = rooms.map(({ room }) => room)
const upTo = (/** @type {string} */ first, last = first) => names.slice(names.indexOf(first), names.indexOf(last) + 1)

/** The lower ones first. What has no layer stays as it is: the dashboard, what threads begin with, and what few load. */
const layers = [
  upTo('values', 'time'),
  upTo('store/contract'),
  upTo('validation', 'store/quotas'),
  upTo('options'),
  upTo('machines/lifecycle'),
  upTo('machines/supervision'),
  upTo('actors/supervisor'),
  upTo('machines'),
  upTo('logs/files', 'events'),
  upTo('store', 'ports'),
  upTo('store/sqlite', 'store/thread'),
  upTo('threads/heartbeat', 'quotas'),
  upTo('threads/protocol', 'threads/isolation'),
  upTo('actors/worker', 'actors/system'),
  [...upTo('progress', 'drover'), 'options/file', 'index.ts'],
  ['http/contract', 'http/client', 'client.ts'],
  [...upTo('http/base', 'http'), 'http.ts'],
].map((layer) => layer.map((room) => new RegExp(filesOf(room))))

/** @param {string} folder @param {string} file */
const between = (folder, file) => `./${relative(folder, file).replaceAll('\\', '/')}`

/** @typedef {{ path: string, contents: Uint8Array | string }} Output */

/**
 * @param {object} tree
 * @param {string} tree.root
 * @param {string[]} tree.sources TypeScript below `src/` that is not bundled otherwise
 * @param {string} tree.folder for the layers
 * @param {(source: string) => string} tree.builtOf
 * @param {(options: import('esbuild').BuildOptions) => Promise<import('esbuild').BuildResult>} tree.transpile
 * @returns {Promise<{ files: Output[], stands: Map<string, Output> }>} the layers, and by its source what stands in its place
 */
export async function buildLayers({ root, sources, folder, builtOf, transpile }) {
  const inLayers = layers.map((patterns) =>
    sources.filter((source) => patterns.some((pattern) => pattern.test(relative(root, source).replaceAll('\\', '/')))),
  )
  const { metafile } = await transpile({ entryPoints: inLayers.flat(), metafile: true })
  /** @type {Map<string, string[]>} */
  const exportsOf = new Map()
  for (const { entryPoint, exports } of Object.values(metafile?.outputs ?? {}))
    if (entryPoint) exportsOf.set(join(root, entryPoint), exports)

  const numbers = new Map(inLayers.flat().map((source, number) => [source, number]))
  /** As their layer calls them: the same name may stand in several files. @param {string} source @param {string} from @param {boolean} outwards */
  const reexport = (source, from, outwards) => {
    const pairs = (exportsOf.get(source) ?? []).map((name) => [name, `m${numbers.get(source)}_${name}`])
    return `export { ${pairs.map((pair) => (outwards ? pair : pair.toReversed()).join(' as ')).join(', ')} } from ${JSON.stringify(from)}\n`
  }

  /** By source, the file of its layer. @type {Map<string, string>} */
  const layerOf = new Map()
  /** @type {Output[]} */
  const files = []
  for (const layer of inLayers) {
    const { outputFiles = [] } = await transpile({
      stdin: { contents: layer.map((source) => reexport(source, source, true)).join(''), resolveDir: root, sourcefile: 'layer.js' },
      bundle: true,
      packages: 'external',
      entryNames: 'src/chunks/[hash]',
      plugins: [{ name: 'layers', setup: (build) => setUp(build, layerOf, reexport, folder, builtOf, new Set(layer)) }],
    })
    const [{ path, contents }] = /** @type {[Output]} */ (outputFiles)
    files.push({ path, contents })
    for (const source of layer) layerOf.set(source, path)
  }
  const stands = new Map(
    [...layerOf].map(([source, layer]) => {
      const path = builtOf(source)
      return [source, { path, contents: reexport(source, between(dirname(path), layer), false) }]
    }),
  )
  return { files, stands }
}

/**
 * @param {import('esbuild').PluginBuild} build
 * @param {Map<string, string>} lower
 * @param {(source: string, from: string, outwards: boolean) => string} reexport
 * @param {string} folder
 * @param {(source: string) => string} builtOf
 * @param {Set<string>} own
 */
function setUp(build, lower, reexport, folder, builtOf, own) {
  build.onResolve({ filter: /^\./ }, ({ path, resolveDir, namespace }) => {
    if (namespace === 'lower') return { path, external: true }
    const source = resolve(resolveDir, path).replace(/\.js$/, '.ts')
    if (own.has(source)) return
    if (lower.has(source)) return { path: source, namespace: 'lower' }
    return { path: between(folder, builtOf(source)), external: true }
  })
  build.onLoad({ filter: /.*/, namespace: 'lower' }, ({ path }) => ({
    contents: reexport(path, between(folder, /** @type {string} */ (lower.get(path))), false),
    resolveDir: folder,
  }))
  // What lies beside a source is looked for beside what stands in its place.
  build.onLoad({ filter: /\.ts$/ }, ({ path }) => {
    const text = readFileSync(path, 'utf8')
    return { contents: text.replaceAll('import.meta.url', JSON.stringify(pathToFileURL(builtOf(path)).href)), loader: 'ts' }
  })
}
