import { checkName } from '../../validation/arguments.js'
import { invalidConfig } from '../../validation/issues.js'
import type { DroverOptions } from '../drover.js'
import { validateConfig } from '../validate.js'
import { readConfig } from './read.js'

/**
 * Reads options from a JSON file and checks them. Relative paths in it (`store`, `log.dir`, `evidence.dir`, and each worker's
 * `module`) are relative to the file's folder; the returned ones are absolute. A `$schema` at the top is for editors and is
 * ignored.
 *
 * @throws DroverError CONFIG_INVALID if the file cannot be read, is not JSON (the message has line and column), or has mistakes
 * @example
 * const drover = await createDrover(await loadConfig('drover.json'))
 */
export async function loadConfig(file: string): Promise<DroverOptions> {
  const options = await readConfig(checkName('file', file))
  const validated = validateConfig(options)
  if (!validated.ok) throw invalidConfig(validated.issues, file)
  return options as DroverOptions
}
