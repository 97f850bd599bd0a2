/** Which drover this is. The package asks for itself by name: that finds it from the sources and from what is built of them. */
import { createRequire } from 'node:module'

export const { version } = createRequire(import.meta.url)('drover/package.json') as { version: string }
