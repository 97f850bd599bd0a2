/** The version of drover. The package resolves itself by name, which works from the sources and from the build. */
import { createRequire } from 'node:module'

export const { version } = createRequire(import.meta.url)('drover/package.json') as { version: string }
