/** A real browser for the tests: Debian's chromium, installed where no Chromium is found. */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { type Browser, chromium as playwright } from 'playwright-core'

const known = ['chromium', 'chromium-browser', 'google-chrome'].map((name) => `/usr/bin/${name}`)

const found = (): string | undefined => known.find((file) => existsSync(file))

/**
 * Where Chromium is. Before any test is timed the runner asks for it, since an installation takes longer than a test may.
 *
 * @throws under `CI=true` if there is none and none can be installed; elsewhere that is told in one line
 */
export function findChromium(): string | undefined {
  if (found()) return found()
  console.error('installing chromium ...')
  const install = ['install', '-y', '-o', 'DPkg::Lock::Timeout=300', 'chromium']
  // The lists of packages may be missing, or older than the packages are.
  if (!apt(install) && apt(['update'])) apt(install)
  if (!found() && process.env.CI === 'true') throw new Error('chromium could not be installed (apt-get install chromium)')
  if (!found()) console.log('  skipped: chromium is not here and could not be installed (apt-get install chromium)')
  return found()
}

/** Whether it could be done. */
function apt(args: string[]): boolean {
  try {
    execFileSync('apt-get', args, { stdio: 'ignore', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } })
    return true
  } catch {
    return false
  }
}

/** With a fresh profile in a temporary folder, which goes with it. It calls nobody by itself. */
export function startChromium(executablePath: string): Promise<Browser> {
  return playwright.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}
