/**
 * Tells whether a worker module is still the same: a hash over its file, the files that it imports by relative paths, theirs in turn, and the
 * package.json of each package that those import. What is read or computed at run time is not among it.
 */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'

/** A module that imports more files is known by the first of them. */
const mostFiles = 200
/** Larger files are bundles: what they import is in them. */
const longestScanned = 1_000_000

/** Being read now: a thousand workers are started with one module. */
const reading = new Map<string, Promise<string>>()

/**
 * @param href a `file:` URL
 * @returns also for a file that is not there
 */
export function moduleVersion(href: string): Promise<string> {
  const version = reading.get(href) ?? readVersion(href).finally(() => reading.delete(href))
  reading.set(href, version)
  return version
}

async function readVersion(href: string): Promise<string> {
  const hash = createHash('sha256')
  const seen = new Set<string>()
  const open = [href]
  for (let url = open.pop(); url !== undefined && seen.size < mostFiles; url = open.pop()) {
    if (seen.has(url)) continue
    seen.add(url)
    const text = await textOf(url)
    // Where it lies does not count: a project may be moved.
    hash.update(`${text?.length ?? 'none'}\n${text ?? ''}`)
    if (text === null || text.length > longestScanned || url.endsWith('package.json')) continue
    for (const specifier of importsOf(text)) {
      if (/^\.{1,2}\//.test(specifier)) open.push(...(await relativeTo(url, specifier)))
      else if (/^[\w@]/.test(specifier) && !specifier.includes(':')) open.push(await manifestOf(url, specifier))
    }
  }
  return hash.digest('hex').slice(0, 16)
}

function importsOf(text: string): string[] {
  return [...text.matchAll(/\b(?:from|import|require)\s*\(?\s*(["'])([^"'\n]{1,500})\1/g)].map(([, , specifier]) => specifier as string)
}

/** TypeScript may name what it imports by the name of what is made of it. */
async function relativeTo(url: string, specifier: string): Promise<string[]> {
  const own = new URL(specifier, url).href
  const source = own.replace(/\.([cm]?)js$/, '.$1ts')
  return source !== own && (await textOf(own)) === null ? [source] : [own]
}

/** The package.json of the package that an import names; where none is found, one that is not there. */
async function manifestOf(url: string, specifier: string): Promise<string> {
  const name = specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
  for (let folder = new URL('.', url); ; folder = new URL('..', folder)) {
    const manifest = new URL(`node_modules/${name}/package.json`, folder).href
    if ((await textOf(manifest)) !== null || folder.pathname === '/' || new URL('..', folder).href === folder.href) return manifest
  }
}

/** null: it cannot be read, or is no place at all. */
async function textOf(url: string): Promise<string | null> {
  try {
    return await readFile(new URL(url), 'utf8')
  } catch {
    return null
  }
}
