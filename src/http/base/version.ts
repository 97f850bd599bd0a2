/** The version of drover. The package resolves itself by name, which works from the sources and from the build. */
import { createRequire } from 'node:module'

/** Asked when it is needed: in a bundle, the program learns first from `createDrover` what is wrong. */
export function ownVersion(): string {
  return (createRequire(import.meta.url)('drover/package.json') as { version: string }).version
}
