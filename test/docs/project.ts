/** Folders as a user has them after `npm install drover`: the built package is linked, with the packages that pages use beside it. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { root } from './markdown.js'

// Pages are about the built package. Not in a hook: uvu takes a failing hook for a success.
execFileSync(process.execPath, ['scripts/ensure-build.js'], { stdio: ['ignore', 'ignore', 'inherit'] })

/** What pages say is to be installed beside drover, and what types need. */
const packages = ['hono', '@hono/node-server', 'ws', 'valibot', 'zod', 'arktype', 'openai', 'tsx', '@types/node', '@types/ws']

/** The folder in which all others are made: Node.js and TypeScript find its packages from below. */
export function makeProject(): { folder: string; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'drover-docs-'))
  link(folder, 'drover', root)
  for (const name of packages) link(folder, name, join(root, 'node_modules', name))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

function link(folder: string, name: string, target: string): void {
  const path = join(folder, 'node_modules', name)
  mkdirSync(dirname(path), { recursive: true })
  symlinkSync(target, path, 'junction')
}

/** Writes files into a folder of their own, and answers with its path. */
export function writeFiles(project: string, name: string, files: ReadonlyMap<string, string>): string {
  const folder = join(project, name)
  for (const [file, text] of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), text)
  }
  return folder
}
