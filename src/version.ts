/** The version of this package, for whoever asks over HTTP. */
import { readFileSync } from 'node:fs'

// The output is flat: from dist, as from src, the manifest is one folder up.
const manifest = new URL('../package.json', import.meta.url)

export const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }
