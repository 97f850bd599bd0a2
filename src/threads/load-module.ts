/**
 * Loads a worker module in its thread, and tells the ways it can go wrong apart.
 */
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { DroverError } from '../errors.js'
import { messageOf, read } from '../plain.js'
import { type DefinedWorker, isDefinedWorker } from '../worker.js'

/**
 * @param href a `file:` URL
 * @throws DroverError WORKER_MODULE_NOT_FOUND, WORKER_MODULE_THREW, WORKER_MODULE_INVALID or WORKER_MODULE_TYPESCRIPT
 */
export async function loadWorkerModule(href: string): Promise<DefinedWorker> {
  const file = fileURLToPath(href)
  if (!existsSync(file)) throw new DroverError('WORKER_MODULE_NOT_FOUND', `worker module not found: ${file}`)
  const namespace = await importModule(href, file)
  const definition = namespace.default
  if (isDefinedWorker(definition)) return definition
  const found = 'default' in namespace ? `a default export that is ${describe(definition)}` : 'no default export'
  throw new DroverError('WORKER_MODULE_INVALID', `worker module ${file} has ${found}; it needs \`export default defineWorker({ ... })\``)
}

async function importModule(href: string, file: string): Promise<Record<string, unknown>> {
  try {
    return await import(href)
  } catch (error) {
    if (read(error, 'code') === 'ERR_UNKNOWN_FILE_EXTENSION' && /\.[cm]?tsx?$/.test(file)) {
      await registerTypeScript(href, file)
      // Node.js remembers that this URL could not be loaded: under another one it is tried anew.
      const again = new URL(href)
      again.searchParams.set('loader', 'tsx')
      return await import(again.href).catch((second: unknown) => {
        throw threw(file, second)
      })
    }
    throw threw(file, error)
  }
}

/** Node.js before 22.18 does not load TypeScript by itself; the user's tsx does, if there is one. */
async function registerTypeScript(href: string, file: string): Promise<void> {
  let api: string
  try {
    api = tsxApi(href)
  } catch (cause) {
    const advice = 'install tsx beside it, use Node.js 22.18 or newer, or give the compiled JavaScript'
    throw new DroverError('WORKER_MODULE_TYPESCRIPT', `Node.js ${process.version} cannot load ${file}: ${advice}`, { cause })
  }
  const { register } = (await import(api)) as { register: () => unknown }
  register()
}

/**
 * What the worker module itself would import as `tsx/esm/api`. Node.js 20 resolves on behalf of another module as `require` only,
 * which gives tsx's CommonJS variant, and that one cannot register from a thread: so the other is looked up.
 */
function tsxApi(href: string): string {
  const manifest = createRequire(href).resolve('tsx/package.json')
  const { exports } = JSON.parse(readFileSync(manifest, 'utf8')) as { exports: Record<string, { import: { default: string } }> }
  return new URL(exports['./esm/api']?.import.default as string, pathToFileURL(manifest)).href
}

function threw(file: string, cause: unknown): DroverError {
  return new DroverError('WORKER_MODULE_THREW', `worker module ${file} threw while it was imported: ${messageOf(cause)}`, { cause })
}

function describe(value: unknown): string {
  return value === null ? 'null' : `a ${typeof value} not made by defineWorker`
}
