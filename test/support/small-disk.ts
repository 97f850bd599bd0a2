/** A disk that can be filled: a small file system in memory. Only root can mount one; where nobody can, tests that need it say so. */
import { execFileSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface SmallDisk {
  folder: string
  /** Leaves not one byte. */
  fill(): void
  /** Takes the filling away. */
  clear(): void
  /** Makes it another size, in kilobytes. */
  resize(kilobytes: number): void
}

const mounted: string[] = []

/** @throws where this is not allowed */
export function mountDisk(folder: string, kilobytes: number): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'tmpfs', folder], { stdio: 'ignore' })
}

/** @returns null where none can be had; under `CI=true` that fails */
export function smallDisk(kilobytes = 16_384): SmallDisk | null {
  const folder = mkdtempSync(join(tmpdir(), 'drover-disk-'))
  try {
    mountDisk(folder, kilobytes)
  } catch (error) {
    rmSync(folder, { recursive: true })
    if (process.env.CI === 'true') throw error
    console.log('  skipped: no disk can be mounted here')
    return null
  }
  mounted.push(folder)
  const filling = join(folder, 'filling')
  return {
    folder,
    fill() {
      const file = openSync(filling, 'a')
      for (let size = 2 ** 20; size >= 1; size = Math.floor(size / 2)) {
        try {
          for (const bytes = Buffer.alloc(size); ; ) writeSync(file, bytes)
        } catch (error) {
          if ((error as { code?: string }).code !== 'ENOSPC') throw error
        }
      }
      closeSync(file)
    },
    clear: () => rmSync(filling),
    resize: (size) => execFileSync('mount', ['-o', `remount,size=${size}k`, folder]),
  }
}

/** To be run after each test, when what used them is closed. */
export function removeDisks(): void {
  for (const folder of mounted.splice(0)) {
    execFileSync('umount', ['-l', folder])
    rmSync(folder, { recursive: true })
  }
}
