/** What somebody does in the dashboard, and sees there: found by roles and accessible names, as by those who cannot see it. */
import type { Locator, Page } from 'playwright-core'
import { eventually } from './wait.js'

export async function logIn(page: Page, token: string): Promise<void> {
  await page.getByLabel('Token').fill(token)
  await page.getByRole('button', { name: 'Log in' }).click()
  await connection(page, 'Live').waitFor()
}

/** Says how the state comes. */
export const connection = (page: Page, word: 'Live' | 'Polling' | 'Offline'): Locator =>
  page.getByRole('status').filter({ hasText: new RegExp(`^${word}$`) })

export const heading = (page: Page, name: string): Locator => page.getByRole('heading', { level: 1, name, exact: true })

export const button = (within: Page | Locator, name: string): Locator => within.getByRole('button', { name, exact: true })

/** Another view, without loading the page anew. */
export async function show(page: Page, hash: string): Promise<void> {
  await page.evaluate(`location.hash = ${JSON.stringify(hash)}`)
}

/** A worker's line in the list of workers. */
export const workerRow = (page: Page, id: string): Locator =>
  page.getByRole('row').filter({ has: page.getByRole('link', { name: id, exact: true }) })

export const badge = (within: Locator, state: string): Locator => within.getByText(state, { exact: true }).first()

/** What the page would lose if it were loaded again. */
export const mark = (page: Page): Promise<unknown> => page.evaluate('globalThis.marked = true')
export const isMarked = (page: Page): Promise<unknown> => page.evaluate('globalThis.marked === true')

/** Presses Tab until something has the focus, as far as the end of the page. */
export async function tabTo(page: Page, wanted: Locator): Promise<void> {
  await wanted.waitFor()
  for (let steps = 0; steps < 200; steps++) {
    if (await wanted.evaluate((element) => element.matches(':focus'))) return
    await page.keyboard.press('Tab')
  }
  throw new Error(`Tab never comes to ${wanted}`)
}

/** How many px of the page are to the right of what is seen. */
export async function sideways(page: Page): Promise<number> {
  return (await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')) as number
}

/** Until nothing on it is being loaded any more. */
export async function settled(page: Page): Promise<void> {
  await eventually(async () => (await page.locator('main [aria-busy="true"]').count()) === 0, `all of ${page.url()} is loaded`)
}
