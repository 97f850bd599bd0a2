/** No page gets wider than its window or its paper, whatever its names are. */
import type { Page } from 'playwright-core'
import * as assert from 'uvu/assert'
import { button, heading, logIn, settled, show, sideways } from './support/dashboard.js'
import { done, longViews, openLong } from './support/long-names.js'
import { browserSuite, sizes, token } from './support/suite.js'

const test = browserSuite('long names')

/** A4 without margins of 2 cm, in px. */
const paper = { width: 642, height: 970 }

/** Boxes that scroll sideways within themselves, each with how many px of it are hidden. */
const scrolling = (page: Page): Promise<string[]> =>
  page.evaluate(`[...document.querySelectorAll('main *, dialog *')]
    .filter((box) => box.scrollWidth > box.clientWidth && /auto|scroll/.test(getComputedStyle(box).overflowX))
    .map((box) => (box.getAttribute('aria-label') ?? box.className) + ': ' + (box.scrollWidth - box.clientWidth) + ' px')`)

test('ids of 200 characters and keys of 500 widen no view, on a desktop, a phone or paper', async ({ serve, open: openPage }) => {
  const { url } = await serve(await openLong())
  const { page } = await openPage(url)
  await page.getByLabel('Token').waitFor()
  const wide: string[] = []
  const check = async (hash: string): Promise<void> => {
    for (const [size, viewport] of Object.entries(sizes)) {
      await page.setViewportSize(viewport)
      const where = `${hash.slice(0, 30)} on a ${size}`
      const beyond = await sideways(page)
      if (beyond > 0) wide.push(`${where}: the page: ${beyond} px`)
      // On a phone, tables scroll.
      if (size === 'desktop') wide.push(...(await scrolling(page)).map((box) => `${where}: ${box}`))
    }
    await page.setViewportSize(paper)
    await page.emulateMedia({ media: 'print' })
    if ((await sideways(page)) > 0) wide.push(`${hash.slice(0, 30)} on paper: the page`)
    wide.push(...(await scrolling(page)).map((box) => `${hash.slice(0, 30)} on paper: ${box}`))
    if (await page.getByRole('navigation', { name: 'Views' }).isVisible()) wide.push(`${hash.slice(0, 30)} on paper: the navigation`)
    await page.emulateMedia({ media: 'screen' })
  }
  await check('log in')
  await logIn(page, token)
  for (const [hash, name] of longViews) {
    await show(page, hash)
    await heading(page, name).waitFor()
    await settled(page)
    await check(hash)
  }
  await show(page, longViews.find(([, name]) => name === done)?.[0] as string)
  await button(page, 'Blacklist').click()
  await page.getByRole('dialog').waitFor()
  await check('a dialog')
  assert.equal(wide, [])
})

test.run()
