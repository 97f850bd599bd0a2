/**
 * Runs everything under several versions of Node.js, each from the npm package `node@<version>`, in a folder of its own: the sources
 * are copied without lockfile, so that npm chooses the dependencies that fit that version, as it does for a user.
 *
 * usage: npm run matrix -- [20 22 24 26]
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'

const root = process.cwd()
const versions = process.argv.length > 2 ? process.argv.slice(2) : ['20', '22', '24', '26']
const quiet = ['--no-audit', '--no-fund', '--loglevel=error']

/** Each with the last line of what it printed. */
const steps: [name: string, command: string[]][] = [
  ['install', ['npm', 'install', '--no-package-lock', '--prefer-offline', ...quiet]],
  ['build', ['npm', 'run', '--silent', 'build']],
  ['test', ['npm', 'test', '--silent']],
  ['package', ['node', '--import', './test/register.mjs', 'scripts/check-package.ts']],
  ['demo', ['npm', 'run', '--silent', 'demo', '--', '--quick']],
]

function runUnder(version: string): boolean {
  const folder = mkdtempSync(join(tmpdir(), `drover-node-${version}-`))
  // Tests that run as root start processes that are not, which have to read the sources.
  chmodSync(folder, 0o755)
  try {
    const env = environmentOf(version, folder)
    const project = join(folder, 'project')
    copySources(project)
    const node = execFileSync('node', ['--version'], { env, encoding: 'utf8' }).trim()
    console.log(`\nNode.js ${node}`)
    let well = true
    for (const [name, command] of steps) {
      if (runStep(name, command, project, env)) continue
      well = false
      if (name === 'install' || name === 'build') break
    }
    return well
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Puts the version first in the path; npm runs under it too, and an addon that is compiled sees its headers, not another version's. */
function environmentOf(version: string, folder: string): NodeJS.ProcessEnv {
  const runtime = join(folder, 'runtime')
  mkdirSync(runtime)
  execFileSync('npm', ['install', `node@${version}`, '--prefix', runtime, ...quiet], { stdio: ['ignore', 'ignore', 'inherit'] })
  const headers = join(runtime, 'node_modules', 'node', 'node_modules', `node-${process.platform}-${process.arch}`)
  // npm hands its own settings down to what it starts; this one would point at the headers of another version.
  const { npm_config_nodedir: _, ...env } = process.env
  return {
    ...env,
    PATH: [join(runtime, 'node_modules', '.bin'), process.env.PATH].join(delimiter),
    ...(existsSync(join(headers, 'include')) && { npm_config_nodedir: headers }),
  }
}

function copySources(project: string): void {
  const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: root, encoding: 'utf8' })
  for (const file of files.trim().split('\n')) {
    if (file !== 'package-lock.json' && existsSync(join(root, file))) cpSync(join(root, file), join(project, file))
  }
}

function runStep(name: string, [command, ...args]: string[], cwd: string, env: NodeJS.ProcessEnv): boolean {
  const startedAt = Date.now()
  const { status, stdout, stderr } = spawnSync(command as string, args, { cwd, env, encoding: 'utf8', maxBuffer: 1e8 })
  const seconds = Math.round((Date.now() - startedAt) / 1_000)
  console.log(
    `${status === 0 ? 'ok  ' : 'FAIL'}  ${name.padEnd(8)} ${String(seconds).padStart(4)} s  ${stdout.trim().split('\n').at(-1) ?? ''}`,
  )
  if (status !== 0) console.log(`${stdout}\n${stderr}`)
  return status === 0
}

const failed = versions.filter((version) => !runUnder(version))
console.log(failed.length > 0 ? `\nfailed under Node.js ${failed.join(', ')}` : `\nall is well under Node.js ${versions.join(', ')}`)
process.exitCode = failed.length > 0 ? 1 : 0
