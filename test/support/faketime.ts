/** The wall clock of a child process, set by libfaketime: the machine's own is not touched, and monotonic clocks stay as they are. */
import { execFileSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'

function library(): string | undefined {
  const found = (): string | undefined =>
    ['x86_64', 'aarch64'].map((cpu) => `/usr/lib/${cpu}-linux-gnu/faketime/libfaketimeMT.so.1`).find((file) => existsSync(file))
  if (found()) return found()
  try {
    execFileSync('apt-get', ['install', '-y', 'faketime'], { stdio: 'ignore' })
  } catch {
    // Told below.
  }
  return found()
}

export const faketime = library()
if (!faketime && process.env.CI === 'true') throw new Error('libfaketime could not be installed (apt-get install faketime)')
if (!faketime) console.log('  skipped: libfaketime is not here and could not be installed (apt-get install faketime)')

/** The environment of a process whose clock is what `file` says. */
export function clockOf(file: string): NodeJS.ProcessEnv {
  return {
    LD_PRELOAD: faketime,
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    DONT_FAKE_MONOTONIC: '1',
  }
}

/** Sets it so many ms before or after the machine's. */
export function setClock(file: string, offsetMs: number): void {
  writeFileSync(file, `${offsetMs < 0 ? '' : '+'}${offsetMs / 1_000}`)
}
