/**
 * Takes the pictures of the dashboard that the README and docs show: `npm run screenshots` writes `docs/images`. Each view once in light, some in dark,
 * one on a phone, of the system that the browser tests look at, too.
 */
import { mkdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { serveStatus } from '../src/http.js'
import { findChromium, startChromium } from '../test/http/browser/support/chromium.js'
import { heading, settled } from '../test/http/browser/support/dashboard.js'
import { openHerd } from '../test/http/browser/support/herd.js'
import { sizes } from '../test/http/browser/support/suite.js'
import { views } from '../test/http/browser/support/views.js'
import { eventually } from '../test/http/browser/support/wait.js'
import { cleanUp } from '../test/support/system.js'

const folder = 'docs/images'
const dark = ['overview', 'workers', 'worker', 'quotas']
const phone = ['overview']

const executable = findChromium()
if (!executable) throw new Error('there is no Chromium')
rmSync(folder, { recursive: true, force: true })
mkdirSync(folder, { recursive: true })
const system = await openHerd({ whole: true })
const server = await serveStatus(system, { port: 0 })
const browser = await startChromium(executable)

async function take(scheme: 'light' | 'dark', size: keyof typeof sizes, names: (name: string) => boolean, suffix: string): Promise<void> {
  const context = await browser.newContext({ colorScheme: scheme, viewport: sizes[size], reducedMotion: 'reduce' })
  for (const { name, hash, heading: title } of views.filter((view) => names(view.name))) {
    const page = await context.newPage()
    await page.goto(`${server.url}/${hash}`)
    await heading(page, title).waitFor()
    await settled(page)
    // The history is read from the store.
    const reading = page.getByText('Loading the history')
    await eventually(async () => (await reading.count()) === 0, 'the charts are drawn')
    const path = join(folder, `${name}${suffix}.png`)
    await page.screenshot({ path })
    console.log(`${path}  ${Math.round(statSync(path).size / 1_000)} kB`)
    await page.close()
  }
  await context.close()
}

await take('light', 'desktop', () => true, '')
await take('dark', 'desktop', (name) => dark.includes(name), '-dark')
await take('light', 'phone', (name) => phone.includes(name), '-phone')
await browser.close()
await server.close({ graceMs: 0 })
await cleanUp()
