/** Every view: at its address, in dark and light, on a phone. */
import type { Page } from 'playwright-core'
import * as assert from 'uvu/assert'
import { open, worker } from '../../support/system.js'
import { heading, logIn, settled, sideways } from './support/dashboard.js'
import { openHerd } from './support/herd.js'
import { browserSuite, sizes, token } from './support/suite.js'
import { views } from './support/views.js'
import { eventually } from './support/wait.js'

const test = browserSuite('views')

/** How light the page is, 0 to 255. */
async function lightness(page: Page): Promise<number> {
  const color = (await page.evaluate(
    '[document.body, document.documentElement].map((each) => getComputedStyle(each).backgroundColor).find((color) => !/, 0\\)$/.test(color))',
  )) as string
  const parts = [...color.matchAll(/[\d.]+/g)].slice(0, 3).map(Number)
  return parts.reduce((sum, part) => sum + part, 0) / 3
}

/** Where the links of a page lead within the dashboard, whatever they ask for there. */
const linksWithin = `[...document.querySelectorAll('a[href^="#/"]')].map((link) => link.getAttribute('href').split('?')[0])`

test('every view has an address that shows it when it is opened directly, and no link leads elsewhere', async ({
  serve,
  open: openPage,
}) => {
  const { url } = await serve(await openHerd())
  const { page } = await openPage(url)
  await logIn(page, token)
  const links = new Map<string, string>()
  for (const { hash, heading: name } of views) {
    await page.goto('about:blank')
    await page.goto(`${url}/${hash}`)
    await heading(page, name).waitFor()
    await settled(page)
    assert.is(await page.getByRole('heading', { level: 1 }).count(), 1, hash)
    assert.match(await page.title(), name)
    assert.is(new URL(page.url()).hash, hash)
    for (const link of (await page.evaluate(linksWithin)) as string[]) links.set(link.replace(/[^/]*\d[^/]*/g, ''), link)
    await page.setViewportSize(sizes.phone)
    // What is drawn to fit is drawn again a moment after the page has another size.
    await eventually(async () => (await sideways(page)) <= 0, `${hash} is no wider than a phone`)
    await page.setViewportSize(sizes.desktop)
  }
  // One of each kind.
  for (const link of links.values()) {
    await page.evaluate(`new Promise((shown) => {
      addEventListener('hashchange', () => requestAnimationFrame(() => setTimeout(shown)), { once: true })
      location.hash = ${JSON.stringify(link)}
    })`)
    if ((await heading(page, 'Not found').count()) > 0) assert.unreachable(`${link} leads nowhere`)
  }
})

test('the navigation leads to every view that it names, and says where one is', async ({ serve, open: openPage }) => {
  const { url } = await serve(await open({ workers: [worker('a/x')] }))
  const { page } = await openPage(url)
  await logIn(page, token)
  const nav = page.getByRole('navigation', { name: 'Views' })
  for (const name of ['Workers', 'Tree', 'Quotas', 'Tasks', 'Results', 'Events', 'Logs', 'Health', 'Settings', 'Overview']) {
    const link = nav.getByRole('link', { name, exact: true })
    await link.click()
    await heading(page, name).waitFor()
    assert.is(await link.getAttribute('aria-current'), 'page')
  }
  await page.goBack()
  await heading(page, 'Settings').waitFor()
})

test('it is dark or light as the system is, until a choice is made, which is remembered', async ({ serve, open: openPage }) => {
  const { url } = await serve(await open({ workers: [worker('a/x')] }), {})
  for (const scheme of ['dark', 'light'] as const) {
    const { page } = await openPage(url, { scheme })
    await heading(page, 'Overview').waitFor()
    const asWanted = async (dark: boolean): Promise<void> => {
      const light = await lightness(page)
      assert.ok(dark ? light < 64 : light > 192, `${light} for ${dark ? 'dark' : 'light'}`)
    }
    await asWanted(scheme === 'dark')
    const colours = page.getByRole('button', { name: /^Colours:/ })
    const other = scheme === 'dark' ? 'Light' : 'Dark'
    while (!(await colours.getAttribute('aria-label'))?.includes(other)) await colours.click()
    await asWanted(scheme !== 'dark')
    await page.reload()
    await heading(page, 'Overview').waitFor()
    await asWanted(scheme !== 'dark')
  }
})

test('a page is printed in black on white, also where it is dark, without anything to press', async ({ serve, open: openPage }) => {
  const { url } = await serve(await openHerd(), {})
  const { page } = await openPage(`${url}/#/workers/annotator-2%2Ftopic`, { scheme: 'dark' })
  await heading(page, 'annotator-2/topic').waitFor()
  await settled(page)
  assert.ok((await lightness(page)) < 64)
  assert.ok((await page.getByRole('button').count()) > 5)
  await page.emulateMedia({ media: 'print' })
  assert.is(await lightness(page), 255)
  assert.is(await page.evaluate("getComputedStyle(document.querySelector('h1')).color"), 'rgb(0, 0, 0)')
  assert.is(await page.getByRole('button').count(), 0)
  assert.is(await page.getByRole('banner').isVisible(), false)
  // All of it: on a screen the log scrolls.
  const hidden = await page.getByRole('log').evaluate((log) => log.scrollHeight - log.clientHeight)
  assert.is(hidden, 0)
})

test('on a phone the navigation opens and leads on', async ({ serve, open: openPage }) => {
  const { url } = await serve(await open({ workers: [worker('a/x')] }))
  const { page } = await openPage(url, { size: 'phone' })
  await logIn(page, token)
  const menu = page.getByRole('button', { name: 'Menu' })
  const link = page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: 'Quotas', exact: true })
  assert.is(await link.isVisible(), false)
  await menu.click()
  await link.click()
  await heading(page, 'Quotas').waitFor()
  await link.waitFor({ state: 'hidden' })
})

test.run()
