/**
 * The version of a worker module: a hash over its file, all files that it imports by relative paths (directly or not), and the
 * package.json of each package that these import. Files read or imported dynamically at run time are not included.
 */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'

/** The most files in the hash. */
const mostFiles = 200
/** Larger files are bundles, which contain their imports. */
const longestScanned = 1_000_000

/** Pending reads, because a thousand workers may be started with one module. */
const reading = new Map<string, Promise<string>>()

/**
 * @param href a `file:` URL
 * @returns a version also for a missing file
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
    // Paths are not in the hash: a project may be moved.
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

/** TypeScript may import a file by the name of its compiled output. */
async function relativeTo(url: string, specifier: string): Promise<string[]> {
  const own = new URL(specifier, url).href
  const source = own.replace(/\.([cm]?)js$/, '.$1ts')
  return source !== own && (await textOf(own)) === null ? [source] : [own]
}

/** The package.json of an imported package; a path that does not exist if there is none. */
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

/** null: it cannot be read, or is not a valid URL. */
async function textOf(url: string): Promise<string | null> {
  try {
    return await readFile(new URL(url), 'utf8')
  } catch {
    return null
  }
}
