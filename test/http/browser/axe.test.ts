/** Accessibility of every view, in light and dark, as far as axe can tell. */
import axe from 'axe-core'
import type { Page } from 'playwright-core'
import { button, heading, logIn, settled, show } from './support/dashboard.js'
import { openHerd } from './support/herd.js'
import { browserSuite, token } from './support/suite.js'
import { views } from './support/views.js'

const test = browserSuite('accessibility')

/** Findings that keep somebody from using it, each with the elements that it is about. */
async function findings(page: Page): Promise<string[]> {
  const { violations } = (await page.evaluate('axe.run(document, { resultTypes: ["violations"] })')) as axe.AxeResults
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, help, nodes }) => `${id} (${help}): ${nodes.map(({ target }) => target.join(' ')).join('; ')}`)
}

test('axe finds nothing serious in any view, light or dark', async ({ serve, open: openPage }) => {
  const { url } = await serve(await openHerd())
  const { page } = await openPage(url)
  const found: string[] = []
  const check = async (where: string): Promise<void> => {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      for (const finding of await findings(page)) found.push(`${where}, ${colorScheme}: ${finding}`)
    }
  }
  await page.getByLabel('Token').waitFor()
  // As the developer tools do it: a script that the page's own policy has no say in.
  await page.evaluate(axe.source)
  await check('log in')
  await logIn(page, token)
  for (const { hash, heading: name } of views) {
    await show(page, hash)
    await heading(page, name).waitFor()
    await settled(page)
    await check(hash)
  }
  const checkDialog = async (what: string, begin: () => Promise<void>): Promise<void> => {
    await begin()
    const dialog = page.getByRole('dialog')
    await dialog.waitFor()
    await check(`the dialog of ${what}`)
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
  }
  for (const key of ['?', '/']) await checkDialog(key, () => page.keyboard.press(key))
  await show(page, '#/workers/annotator-2%2Ftopic')
  for (const name of ['Options', 'Remove']) await checkDialog(name, () => button(page, name).click())
  if (found.length > 0) throw new Error(found.join('\n'))
})

test.run()
