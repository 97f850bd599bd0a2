import { basename, dirname, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

/** In the built package all files are in one folder. A bundle in CommonJS has no `import.meta.url`. */
const here = dirname(fileURLToPath((import.meta.url as string | undefined) ?? 'file:///'))

/** The folder of drover's own code: a frame in it says nothing about the user's. */
export const ownFolder = (basename(here) === 'values' ? dirname(here) : here) + sep
