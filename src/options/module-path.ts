/** Turns the option `module` into the `file:` URL that a thread imports. */
import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** File types that threads can import. Whether the runtime can load TypeScript is found out in the thread. */
const extensions = ['.js', '.mjs', '.cjs', '.ts', '.mts']

/**
 * Paths are relative to the working directory.
 *
 * @returns the URL, or the expectation that was not met
 */
export function resolveModule(module: string | URL): { href: string } | { expected: string } {
  const url = toUrl(module)
  if (url?.protocol !== 'file:') return { expected: 'a path, or a URL that begins with file:' }
  let file: string
  try {
    file = fileURLToPath(url)
  } catch {
    return { expected: 'a file: URL of this machine' }
  }
  if (!extensions.some((extension) => file.endsWith(extension))) return { expected: `a file that ends in ${extensions.join(', ')}` }
  if (!isFile(file)) return { expected: `a file that exists, but there is no ${file}` }
  return { href: url.href }
}

function toUrl(module: string | URL): URL | null {
  if (typeof module !== 'string') return module
  // A scheme has at least two letters; a single letter is a Windows drive.
  if (/^[a-z][a-z0-9+.-]+:/i.test(module)) return URL.canParse(module) ? new URL(module) : null
  return module.trim() === '' || module.includes('\0') ? null : pathToFileURL(resolve(module))
}

function isFile(file: string): boolean {
  try {
    return statSync(file).isFile()
  } catch {
    return false
  }
}
