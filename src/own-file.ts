/**
 * The files of its own that drover starts threads from. They lie beside its code; a bundler that copies that code into a program
 * leaves them behind.
 */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { DroverError } from './errors.js'

/**
 * @param name relative to the module
 * @param module its `import.meta.url`, which a bundle in CommonJS does not have
 * @throws DroverError BUNDLED if the file is not there
 */
export function checkOwnFile(name: string, module: string | undefined): URL {
  const url = module === undefined ? null : new URL(name, module)
  if (url !== null && existsSync(url)) return url
  const bundle = module === undefined ? 'CommonJS code' : fileURLToPath(module)
  throw new DroverError(
    'BUNDLED',
    `drover was bundled into ${bundle}, but it starts its threads from files of its own, and ${name} is not beside that code. ` +
      'Leave drover out of the bundle (esbuild: --packages=external or --external:drover; other bundlers: their option external), ' +
      'and install it where the program runs; see docs/docker.md',
  )
}
