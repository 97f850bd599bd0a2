/** What keys do on every page. */
import * as assert from 'uvu/assert'
import { openBusy } from './support/busy.js'
import { button, heading, logIn } from './support/dashboard.js'
import { browserSuite, token } from './support/suite.js'

const test = browserSuite('keyboard')

test('? tells of shortcuts, / and Ctrl-K search workers, tasks and pages; in a field they are typed', async ({ serve, open: openPage }) => {
  const { url } = await serve(await openBusy())
  const { page } = await openPage(`${url}/#/workers`)
  await logIn(page, token)
  await heading(page, 'Workers').waitFor()
  const dialog = (name: string) => page.getByRole('dialog', { name })

  // It keeps the focus, and gives it back.
  const search = button(page, 'Search')
  await search.focus()
  await page.keyboard.press('?')
  await dialog('Keyboard shortcuts').waitFor()
  for (let times = 0; times < 5; times++) {
    assert.is(await page.evaluate("document.activeElement.closest('main, nav, header') === null"), true)
    await page.keyboard.press('Tab')
  }
  await page.keyboard.press('Escape')
  await dialog('Keyboard shortcuts').waitFor({ state: 'detached' })
  assert.ok(await search.evaluate((element) => element.matches(':focus')))

  const filter = page.getByRole('searchbox', { name: 'Search' })
  await filter.focus()
  await page.keyboard.type('/?')
  await page.keyboard.press('Control+k')
  assert.is(await filter.inputValue(), '/?')
  assert.is(await page.getByRole('dialog').count(), 0)
  await filter.fill('')
  await filter.blur()

  for (const [key, typed, found] of [
    ['Control+k', 'a/', 'a/x'],
    ['/', 'ong', 'long'],
    ['/', 'quo', 'Quotas'],
  ] as const) {
    await page.keyboard.press(key)
    await dialog('Search').waitFor()
    await page.keyboard.type(typed)
    await page.getByRole('option', { name: found }).first().waitFor()
    await page.keyboard.press('Enter')
    await heading(page, found).waitFor()
    await dialog('Search').waitFor({ state: 'detached' })
  }
})

test.run()
