/**
 * Checks the package as a user gets it: packs it, installs the tarball in an empty project, imports and requires every entry
 * point, type-checks a program against it, runs a worker in TypeScript, and looks at what the light entry points pull in.
 *
 * The native addon is not compiled again: the new project gets the one in this checkout's node_modules if it is of the same
 * version, which `npm ci` has just installed and the tests use.
 */
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'

const root = process.cwd()
const project = mkdtempSync(join(tmpdir(), 'drover-package-'))
const { exports } = readJson(join(root, 'package.json')) as { exports: Record<string, unknown> }
const entryPoints = Object.keys(exports).filter((name) => !name.endsWith('.json'))

/** Entries that every thread, every worker module or a test of any kind loads, and all the packages each may pull in. */
const light: Record<string, string[]> = {
  'worker.js': [],
  'client.js': [],
  'testing.js': ['valibot', 'fastest-levenshtein'],
  'thread-entry.js': [],
  'process-entry.js': [],
  'process-observer.js': [],
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'))
}

function run(command: string, args: string[], cwd = project): string {
  try {
    return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], shell: process.platform === 'win32' })
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string }
    throw new Error(`${command} ${args.join(' ')} failed:\n${stdout}${stderr}`)
  }
}

function installTarball(): void {
  const [packed] = JSON.parse(run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', project], root)) as {
    filename: string
    size: number
    files: { path: string }[]
  }[]
  if (!packed) throw new Error('npm pack made nothing')
  const stray = packed.files.filter(
    ({ path }) =>
      !/^(dist\/[\w-]+\.(js|d\.ts)|dist\/dashboard\/([\w-]+\.(js|css|html)|LICENSES\.txt)|docs\/[\w-]+\.md|package\.json|LICENSE|[A-Z]+\.md)$/.test(
        path,
      ),
  )
  if (stray.length > 0) throw new Error(`files that do not belong in the package: ${stray.map(({ path }) => path).join(', ')}`)
  console.log(`packed: ${packed.files.length} files, ${Math.round(packed.size / 1_000)} kB`)
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type: 'module' }))
  run('npm', ['install', `./${packed.filename}`, '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'])
  const [ours, theirs] = [root, project].map((folder) => join(folder, 'node_modules', 'better-sqlite3')) as [string, string]
  const [own, installed] = [ours, theirs].map((folder) => readJson(join(folder, 'package.json')) as { version: string })
  if (own?.version === installed?.version && existsSync(join(ours, 'build')))
    cpSync(join(ours, 'build'), join(theirs, 'build'), { recursive: true })
  else run('npm', ['rebuild', 'better-sqlite3', '--foreground-scripts'])
}

/** What needs packages that are not installed with drover. */
const needsPeers = ['./http']
const peers = ['hono', '@hono/node-server', 'ws']

/** Loads each entry point both ways, each in a process of its own, which has to end by itself. */
function loadEntryPoints(which: string[]): void {
  for (const entryPoint of which) {
    const name = join('drover', entryPoint).replaceAll('\\', '/')
    const names = 'console.log(Object.keys(loaded).sort().join())'
    const imported = run('node', ['--input-type=module', '-e', `const loaded = await import('${name}'); ${names}`])
    const required = run('node', ['--no-warnings', '--input-type=commonjs', '-e', `const loaded = require('${name}'); ${names}`])
    if (imported.trim() === '' || imported !== required) throw new Error(`${name}: import gives ${imported}, require gives ${required}`)
    console.log(`${name}: ${imported.trim()}`)
  }
}

/** As a user's compiler does, which looks into our types too. @param files below `test` */
function typeCheck(...files: string[]): void {
  rmSync(join(project, 'src'), { recursive: true, force: true })
  mkdirSync(join(project, 'src'))
  for (const file of files) cpSync(join(root, 'test', file), join(project, 'src', basename(file)))
  const strict = { strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, skipLibCheck: false, noEmit: true }
  const common = { ...strict, target: 'es2022', lib: ['es2023'], types: ['node'], typeRoots: [join(root, 'node_modules', '@types')] }
  for (const way of [{ module: 'nodenext' }, { module: 'esnext', moduleResolution: 'bundler' }]) {
    writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions: { ...common, ...way }, include: ['src'] }))
    run(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', project])
    console.log(`types of ${files.join(', ')}: ${Object.values(way).join(' ')}`)
  }
}

/** The client's types are for browsers too, where there are none of Node.js. */
function typeCheckBrowser(): void {
  writeFileSync(
    join(project, 'browser.ts'),
    `import { connect } from 'drover/client'
     const client = connect(location.origin, { WebSocket, fetch })
     client.subscribe(({ workers }) => { document.title = String(Object.keys(workers ?? {}).length) })`,
  )
  const compilerOptions = { strict: true, noEmit: true, target: 'es2022', module: 'esnext', moduleResolution: 'bundler', types: [] }
  const lib = ['es2023', 'esnext.disposable', 'dom']
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions: { ...compilerOptions, lib }, include: ['browser.ts'] }))
  run(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', project])
  console.log('types: drover/client in a browser')
}

/** Without a WebSocket of the runtime's own, and without the package \`ws\`, the client polls. */
function runClient(): void {
  writeFileSync(
    join(project, 'client.js'),
    `import { createServer } from 'node:http'
     import { connect } from 'drover/client'
     const server = createServer((_, response) => response.end('{"items":[],"next":null}')).listen(0, '127.0.0.1', async () => {
       const client = connect('http://127.0.0.1:' + server.address().port)
       await client.until(() => client.status === 'polling')
       console.log(Object.keys(client.state).join())
       await client.close()
       server.close()
     })`,
  )
  const said = run('node', ['client.js']).trim()
  if (said !== 'overview,workers') throw new Error(`drover/client without a WebSocket: ${said}`)
  console.log('drover/client: polls where it has no WebSocket')
}

/** None of them comes with drover. */
function withPackages(names: string[], action: () => void): void {
  for (const name of names) {
    const link = join(project, 'node_modules', name)
    if (existsSync(link)) throw new Error(`${name} was installed with drover: it is to be optional`)
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(join(root, 'node_modules', name), link, 'junction')
  }
  action()
  for (const name of names) rmSync(join(project, 'node_modules', name))
}

function runHttp(): void {
  writeFileSync(
    join(project, 'http.js'),
    `import { createDrover } from 'drover'
     import { serveStatus } from 'drover/http'
     const drover = await createDrover({ store: ':memory:', log: { console: false }, workers: [{ id: 'one', module: './http.js' }] })
     const server = await serveStatus(drover, { port: 0 })
     const answers = await Promise.all(['/readyz', '/api/monitoring/overview', '/api/v1/session', '/'].map((path) => fetch(server.url + path)))
     console.log(answers.map(({ status }) => status).join(), (await answers[2].json()).version)
     await server.close()
     await drover.close()`,
  )
  const { version } = readJson(join(root, 'package.json')) as { version: string }
  const said = run('node', ['http.js']).trim()
  if (said !== `200,200,200,200 ${version}`) throw new Error(`drover/http: ${said}`)
  console.log('drover/http: serves')
}

/** A worker module in TypeScript, in a thread and in a process: taken where Node.js or the user's tsx can load it, refused with advice elsewhere. */
function runTypeScriptWorker(): void {
  writeFileSync(
    join(project, 'length.worker.ts'),
    `import { defineWorker } from 'drover/worker'
     export default defineWorker<{ id: string }, number>({ process: (task): number => task.data.id.length })`,
  )
  writeFileSync(
    join(project, 'run.js'),
    `import { createDrover, policies } from 'drover'
     const workers = ['thread', 'process'].map((isolation) => ({ id: isolation, isolation, module: './length.worker.ts', dataset: 'texts' }))
     const drover = await createDrover({ store: ':memory:', restart: policies.never, log: { console: false }, workers })
     await drover.load('texts', [{ id: 'four' }])
     await drover.start()
     const { results } = await drover.done()
     console.log(results === 2 ? 'loaded' : drover.status().workers.map(({ lastFailure }) => lastFailure?.error.code).join())
     await drover.close()`,
  )
  const strips = Boolean((process.features as { typescript?: unknown }).typescript)
  const bare = run('node', ['--no-warnings', 'run.js']).trim()
  if (bare !== (strips ? 'loaded' : 'WORKER_MODULE_TYPESCRIPT,WORKER_MODULE_TYPESCRIPT'))
    throw new Error(`a TypeScript worker without tsx: ${bare}`)
  symlinkSync(join(root, 'node_modules', 'tsx'), join(project, 'node_modules', 'tsx'), 'junction')
  const withTsx = run('node', ['--no-warnings', 'run.js']).trim()
  if (withTsx !== 'loaded') throw new Error(`a TypeScript worker with tsx installed: ${withTsx}`)
  console.log(`worker in TypeScript: ${bare}; with tsx: ${withTsx}`)
}

/** The packages that a built file imports, itself or by what it imports. */
function packagesOf(file: string, seen = new Set<string>()): Set<string> {
  const found = new Set<string>()
  if (seen.has(file)) return found
  seen.add(file)
  const text = readFileSync(file, 'utf8')
  // The shapes that the bundler writes: import ... from '', export ... from '', import '', import('').
  for (const [, from, alone] of text.matchAll(/^(?:import|export)\b[^'"]*?\bfrom\s*["']([^"']+)["']|\bimport\s*\(?\s*["']([^"']+)["']/gm)) {
    const name = from ?? alone
    if (name === undefined || name.startsWith('node:')) continue
    if (!name.startsWith('.')) found.add(name)
    else for (const inner of packagesOf(join(dirname(file), name), seen)) found.add(inner)
  }
  return found
}

function checkLightness(): void {
  const dist = join(project, 'node_modules', 'drover', 'dist')
  if (!packagesOf(join(dist, 'index.js')).has('xstate')) throw new Error('the imports of index.js were not read: xstate is not among them')
  for (const [file, allowed] of Object.entries(light)) {
    const heavy = [...packagesOf(join(dist, file))].filter((name) => !allowed.includes(name))
    if (heavy.length > 0) throw new Error(`${file} pulls in ${heavy.join(', ')}; allowed: ${allowed.join(', ') || 'nothing'}`)
    console.log(`${file}: ${allowed.length > 0 ? `only ${allowed.join(', ')}` : 'no dependencies'}`)
  }
}

try {
  installTarball()
  loadEntryPoints(entryPoints.filter((entryPoint) => !needsPeers.includes(entryPoint)))
  typeCheck('package/main.ts', 'package/annotate.worker.ts')
  withPackages(peers, () => {
    loadEntryPoints(needsPeers)
    runHttp()
  })
  const types = readdirSync(join(root, 'test', 'types')).map((file) => `types/${file}`)
  withPackages([...peers, 'zod', 'arktype'], () => typeCheck('package/status.ts', ...types))
  typeCheckBrowser()
  runClient()
  runTypeScriptWorker()
  checkLightness()
} finally {
  rmSync(project, { recursive: true, force: true })
}
