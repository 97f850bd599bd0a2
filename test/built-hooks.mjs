import { fileURLToPath, pathToFileURL } from 'node:url'
import { builtOf, root } from './build.mjs'

/** The program itself is asked for by its source. @type {import('node:module').ResolveHook} */
export async function resolve(specifier, context, next) {
  const resolved = await next(specifier, context)
  if (context.parentURL !== undefined || !/^file:.*\.ts$/.test(resolved.url)) return resolved
  const file = fileURLToPath(resolved.url)
  return file.startsWith(root) ? { ...resolved, url: pathToFileURL(builtOf(file)).href, format: 'module' } : resolved
}
