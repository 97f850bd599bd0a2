/**
 * Refuses builds of better-sqlite3 that end the whole process, before they are loaded: no error would be seen. Version 12 that was
 * compiled with the headers of Node.js 24.19 or newer takes a hook off when a statement is collected, and Node.js aborts if no
 * JavaScript runs at that moment. Version 13 crashes on Node.js below 22.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { DroverError } from '../../errors.js'

export interface Addon {
  version: string
  /** Whether its objects take off a hook of the environment: in the way of newer headers, see above. */
  takesHooksOff: boolean
}

let checked = false

/** @throws DroverError STORE_FAILED */
export function checkAddon(): void {
  if (checked) return
  const why = refusalOf(installedAddon(), process.versions.node)
  if (why !== null) throw new DroverError('STORE_FAILED', why)
  checked = true
}

/** @returns why it cannot be used with this Node.js, and the way out; null if it can be */
export function refusalOf(addon: Addon | null, node: string): string | null {
  if (addon === null) return null
  const [sqliteMajor, nodeMajor] = [Number.parseInt(addon.version, 10), Number.parseInt(node, 10)]
  const here = `better-sqlite3 ${addon.version} on Node.js ${node}`
  if (sqliteMajor >= 13 && nodeMajor < 22) {
    return `${here} would crash the process: use Node.js 22 or newer, or install version 12 (npm install better-sqlite3@12)`
  }
  if (sqliteMajor < 13 && addon.takesHooksOff) {
    const way = 'install version 13 (npm install better-sqlite3@13); a lockfile made on Node.js 20 has kept version 12'
    return `${here} would abort the process within seconds, as it was compiled here: ${nodeMajor < 22 ? 'use Node.js 22 or newer, and ' : ''}${way}`
  }
  return null
}

/**
 * @param importer the module that would load it
 * @returns what is installed; null if it cannot be found, as in a bundle
 */
export function installedAddon(importer = import.meta.url): Addon | null {
  try {
    const manifest = createRequire(importer).resolve('better-sqlite3/package.json')
    const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }
    // From version 13 on, it is made against Node-API.
    const takesHooksOff = Number.parseInt(version, 10) < 13 && takesOff(join(dirname(manifest), 'build/Release/better_sqlite3.node'))
    return { version, takesHooksOff }
  } catch {
    return null
  }
}

/** Whether a compiled addon imports the function: its name is in the file then. */
function takesOff(file: string): boolean {
  return readFileSync(file).includes('RemoveEnvironmentCleanupHook')
}
