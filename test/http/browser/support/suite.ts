/**
 * Tests in a real browser: one browser for a file, a new context (no cookie, nothing stored) for a page, everything closed at the end of its test.
 * A test fails, too, if one of its pages logged an error, met its Content-Security-Policy, or called another origin than its own.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, BrowserContext } from 'playwright-core'
import { suite } from 'uvu'
import { type ServeOptions, type StatusServer, serveStatus } from '../../../../src/http.js'
import type { Drover } from '../../../../src/index.js'
import { cleanUp } from '../../../support/system.js'
import { findChromium, startChromium } from './chromium.js'
import { withinMs } from './wait.js'
import { type Watched, watch } from './watch.js'

export const token = 'a-token-for-the-tests-1'
export const readToken = 'a-token-that-only-looks'

export const sizes = { desktop: { width: 1280, height: 800 }, phone: { width: 360, height: 740 } }

export interface PageOptions {
  /** @defaultValue 'light' */
  scheme?: 'light' | 'dark'
  /** @defaultValue 'desktop' */
  size?: keyof typeof sizes
}

/** What one test has. */
export interface Bench {
  /** Serves a system on a free port of the loopback, with {@link token} and {@link readToken} unless it is given options. */
  serve(system: Drover, options?: ServeOptions): Promise<StatusServer>
  /** Opens a page in a context of its own. */
  open(url: string, options?: PageOptions): Promise<Watched>
  /** Something else that has to be closed: the latest first, and before any server. */
  closing(close: () => unknown): void
}

/** Where the pages of a test that failed are kept, as they were. */
const failures = '.tmp/browser'

export function browserSuite(name: string) {
  const executable = findChromium()
  const tests = suite(name)
  let browser: Browser | undefined
  tests.after(() => browser?.close())

  async function run(sentence: string, body: (bench: Bench) => Promise<void>): Promise<void> {
    browser ??= await startChromium(executable as string)
    const current = browser
    const contexts: BrowserContext[] = []
    const pages: Watched[] = []
    const closers: (() => unknown)[] = []
    try {
      await body({
        async serve(system, options = { token, readToken }) {
          const server = await serveStatus(system, { port: 0, ...options })
          closers.push(() => server.close({ graceMs: 0 }))
          return server
        },
        async open(url, { scheme = 'light', size = 'desktop' } = {}) {
          const context = await current.newContext({
            colorScheme: scheme,
            viewport: sizes[size],
            reducedMotion: 'reduce',
            acceptDownloads: true,
          })
          contexts.push(context)
          context.setDefaultTimeout(withinMs)
          const page = await context.newPage()
          const watched = watch(page, new URL(url).origin)
          pages.push(watched)
          await page.goto(url)
          return watched
        },
        closing: (close) => void closers.push(close),
      })
      const complaints = pages.flatMap((page) => page.complaints())
      if (complaints.length > 0) throw new Error(`the page complained:\n${complaints.join('\n')}`)
    } catch (error) {
      mkdirSync(failures, { recursive: true })
      for (const [index, { page, complaints }] of pages.entries()) {
        const file = join(failures, `${sentence.replace(/\W+/g, '-').slice(0, 80)}-${index}.png`)
        await page.screenshot({ path: file, timeout: 5_000 }).catch(() => {})
        console.error(`${sentence}: ${file} at ${page.url()}\n${complaints().join('\n')}`)
      }
      throw error
    } finally {
      await Promise.all(contexts.map((context) => context.close()))
      for (const close of closers.reverse()) await close()
      await cleanUp()
    }
  }

  const add = (sentence: string, body: (bench: Bench) => Promise<void>): void => {
    if (executable) tests(sentence, () => run(sentence, body))
    else tests.skip(sentence)
  }
  return Object.assign(add, { run: () => tests.run() })
}
