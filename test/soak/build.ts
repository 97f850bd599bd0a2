/**
 * Bundles the host and its threads into plain JavaScript, once for each soak: a thread that compiles TypeScript takes a second of a processor
 * to start, and a soak starts hundreds.
 */
import { mkdirSync, mkdtempSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'tsup'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** @returns the folder, in the working tree so that dependencies are found: the caller removes it */
export async function buildHost(): Promise<string> {
  mkdirSync(`${root}.tmp`, { recursive: true })
  const outDir = mkdtempSync(`${root}.tmp/soak-`)
  await build({
    config: false,
    silent: true,
    // Flat, as the package is built.
    entry: {
      host: `${root}test/soak/host.ts`,
      'soak.worker': `${root}test/soak/soak.worker.ts`,
      'thread-entry': `${root}src/threads/thread-entry.ts`,
      'store-thread': `${root}src/store/store-thread.ts`,
      'reader-thread': `${root}src/store/reader-thread.ts`,
    },
    outDir,
    format: 'esm',
    target: 'node20',
    platform: 'node',
    splitting: true,
    tsconfig: `${root}tsconfig.json`,
  })
  return outDir
}
