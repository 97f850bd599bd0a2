// @ts-check
/** Peers that are no dependency of this package: installed into a temporary folder at exact versions, where there is a registry. */
import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const versions = { pm2: '7.0.4', poolifier: '5.3.2' }

/** @typedef {keyof typeof versions} Peer */

/** @returns {Set<Peer>} those that are there now */
export function installPeers(/** @type {string} */ into) {
  const there = new Set(/** @type {Peer[]} */ ([]))
  for (const [name, version] of /** @type {[Peer, string][]} */ (Object.entries(versions))) {
    try {
      const flags = ['--prefix', into, '--no-audit', '--no-fund', '--loglevel=error']
      execFileSync('npm', ['install', ...flags, `${name}@${version}`], { stdio: ['ignore', 'ignore', 'pipe'], timeout: 300_000 })
      there.add(name)
    } catch (error) {
      console.error(`without ${name}, which could not be installed: ${/** @type {Error} */ (error).message.split('\n')[0]}`)
    }
  }
  return there
}

/** What a peer exports, in a process that was told where it is. They have types of their own, which are not here. */
export async function peer(/** @type {Peer} */ name) {
  const require = createRequire(join(process.env.DETECTION_PEERS ?? '', 'package.json'))
  const found = await import(pathToFileURL(require.resolve(name)).href)
  return found.default ?? found
}
