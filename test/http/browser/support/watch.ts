/** What a page complains of, and where it calls: a test fails for any of it that it did not expect. */
import type { Page } from 'playwright-core'

export interface Watched {
  page: Page
  /** Adds a pattern of complaints that belong to the test, such as the failed request of a wrong token. */
  expect(pattern: RegExp): void
  /** Complaints that nobody expected. */
  complaints(): string[]
}

export function watch(page: Page, origin: string): Watched {
  const seen: string[] = []
  const expected: RegExp[] = []
  page.on('console', (message) => {
    // What a Content-Security-Policy refuses is an error here, too.
    if (message.type() === 'error') seen.push(`console: ${message.text()} (${message.location().url})`)
  })
  page.on('pageerror', (error) => seen.push(`page error: ${error.stack ?? error.message}`))
  page.on('crash', () => seen.push('the page crashed'))
  page.on('request', (request) => {
    const url = request.url()
    if (!/^(?:data|blob):/.test(url) && new URL(url).origin !== origin) seen.push(`request to elsewhere: ${url}`)
  })
  page.on('websocket', (socket) => {
    if (new URL(socket.url()).host !== new URL(origin).host) seen.push(`WebSocket to elsewhere: ${socket.url()}`)
  })
  return {
    page,
    expect: (pattern) => void expected.push(pattern),
    complaints: () => seen.filter((complaint) => !expected.some((pattern) => pattern.test(complaint))),
  }
}
