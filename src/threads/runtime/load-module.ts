/**
 * Loads a worker module in its thread; each way to fail has its own error code.
 */
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { DroverError } from '../../errors.js'
import { describe } from '../../values/describe.js'
import { messageOf, read } from '../../values/plain.js'
import { type DefinedWorker, isDefinedWorker } from './define-worker.js'
import { syntaxPlace } from './syntax-place.js'

/**
 * @param href a `file:` URL
 * @throws DroverError WORKER_MODULE_NOT_FOUND, WORKER_MODULE_THREW, WORKER_MODULE_INVALID or WORKER_MODULE_TYPESCRIPT
 */
export async function loadWorkerModule(href: string): Promise<DefinedWorker> {
  const file = fileURLToPath(href)
  const namespace = await importModule(href)
  const definition = namespace.default
  if (isDefinedWorker(definition)) return definition
  // Of a module that was compiled to CommonJS, the default export is a property of `module.exports`.
  const compiled = read(definition, 'default')
  if (isDefinedWorker(compiled)) return compiled
  const found = 'default' in namespace ? `a default export that is ${shown(definition)}` : 'no default export'
  throw new DroverError('WORKER_MODULE_INVALID', `worker module ${file} has ${found}; it needs \`export default defineWorker({ ... })\``)
}

/** @throws DroverError WORKER_MODULE_NOT_FOUND, WORKER_MODULE_THREW or WORKER_MODULE_TYPESCRIPT */
export async function importModule(href: string): Promise<Record<string, unknown>> {
  const file = fileURLToPath(href)
  if (!existsSync(file)) throw new DroverError('WORKER_MODULE_NOT_FOUND', `worker module not found: ${file}`)
  try {
    return await import(href)
  } catch (error) {
    if (read(error, 'code') === 'ERR_UNKNOWN_FILE_EXTENSION' && /\.[cm]?tsx?$/.test(file)) {
      await registerTypeScript(href, file)
      // Node.js caches the failure of this URL; another URL loads the file anew.
      const again = new URL(href)
      again.searchParams.set('loader', 'tsx')
      return await import(again.href).catch(async (second: unknown) => {
        throw await threw(again.href, file, second)
      })
    }
    throw await threw(href, file, error)
  }
}

/** Node.js before 22.18 does not load TypeScript by itself; the user's tsx does, if there is one. */
async function registerTypeScript(href: string, file: string): Promise<void> {
  let api: string
  try {
    api = tsxApi(href)
  } catch (cause) {
    const advice = 'install the package tsx, use Node.js 22.18 or newer, or compile the module to JavaScript'
    throw new DroverError('WORKER_MODULE_TYPESCRIPT', `Node.js ${process.version} cannot load ${file}: ${advice}`, { cause })
  }
  const { register } = (await import(api)) as { register: () => unknown }
  register()
}

/**
 * The file that the worker module would import as `tsx/esm/api`. Node.js 20 can resolve for another module only as `require`,
 * which gives tsx's CommonJS variant; that variant cannot register from a thread, so the ESM file is looked up.
 */
function tsxApi(href: string): string {
  const manifest = createRequire(href).resolve('tsx/package.json')
  const { exports } = JSON.parse(readFileSync(manifest, 'utf8')) as { exports: Record<string, { import: { default: string } }> }
  return new URL(exports['./esm/api']?.import.default as string, pathToFileURL(manifest)).href
}

/** Codes of Node.js for modules that cannot be found, read or linked. */
const loadCodes = new Set([
  'ERR_MODULE_NOT_FOUND',
  'ERR_PACKAGE_PATH_NOT_EXPORTED',
  'ERR_PACKAGE_IMPORT_NOT_DEFINED',
  'ERR_INVALID_PACKAGE_CONFIG',
  'ERR_INVALID_MODULE_SPECIFIER',
  'ERR_UNSUPPORTED_DIR_IMPORT',
  'ERR_UNKNOWN_FILE_EXTENSION',
  'ERR_INVALID_TYPESCRIPT_SYNTAX',
  'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX',
])

/**
 * The error for a failed import. `details.stage` is `load` if no code of the module ran, because it cannot be read, parsed or
 * linked; then `details.at` is the place, if known.
 */
async function threw(href: string, file: string, cause: unknown): Promise<DroverError> {
  const told = messageOf(cause)
  if (!failedToLoad(cause)) {
    const message = `worker module ${file} threw while it was imported: ${told}`
    return new DroverError('WORKER_MODULE_THREW', message, { cause, details: { stage: 'run' } })
  }
  const at = cause instanceof SyntaxError ? await syntaxPlace(href) : null
  const what = cause instanceof SyntaxError ? `SyntaxError: ${told}` : told
  const message = `worker module ${file} cannot be loaded: ${at === null ? '' : `${at}: `}${what}`
  return new DroverError('WORKER_MODULE_THREW', message, { cause, details: { stage: 'load', ...(at !== null && { at }) } })
}

/** Whether no code of the module has run, so that another try cannot help. */
function failedToLoad(cause: unknown): boolean {
  if (loadCodes.has(String(read(cause, 'code')))) return true
  // esbuild's error for TypeScript that cannot be compiled.
  if (/^Transform failed with /.test(messageOf(cause))) return true
  if (!(cause instanceof SyntaxError)) return false
  // A SyntaxError of JSON.parse or new Function comes from running code.
  const [frame = ''] = /^ {4}at .*$/m.exec(String(read(cause, 'stack'))) ?? []
  return frame.includes('node:internal/')
}

function shown(value: unknown): string {
  return value === null ? 'null' : `${describe(value)} not made by defineWorker`
}
