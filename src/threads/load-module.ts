/**
 * Loads a worker module in its thread, and tells the ways it can go wrong apart.
 */
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { DroverError } from '../errors.js'
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
    if ((error as { code?: unknown })?.code === 'ERR_UNKNOWN_FILE_EXTENSION' && /\.[cm]?tsx?$/.test(file)) {
      await registerTypeScript(href, file)
      return await import(href).catch((second: unknown) => {
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
    api = createRequire(href).resolve('tsx/esm/api')
  } catch (cause) {
    const advice = 'install tsx beside it, use Node.js 22.18 or newer, or give the compiled JavaScript'
    throw new DroverError('WORKER_MODULE_TYPESCRIPT', `Node.js ${process.version} cannot load ${file}: ${advice}`, { cause })
  }
  const { register } = (await import(pathToFileURL(api).href)) as { register: () => unknown }
  register()
}

function threw(file: string, cause: unknown): DroverError {
  const message = cause instanceof Error ? cause.message : String(cause)
  return new DroverError('WORKER_MODULE_THREW', `worker module ${file} threw while it was imported: ${message}`, { cause })
}

function describe(value: unknown): string {
  return value === null ? 'null' : `a ${typeof value} not made by defineWorker`
}
