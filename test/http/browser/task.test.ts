/** The page of one item, however many annotators have it. */
import type { Locator, Page } from 'playwright-core'
import * as assert from 'uvu/assert'
import { open, state, worker } from '../../support/system.js'
import { heading, logIn } from './support/dashboard.js'
import { browserSuite, token } from './support/suite.js'

const test = browserSuite('one item')

/** The card of one lane. */
const lane = (page: Page, name: string): Locator => page.getByRole('heading', { level: 2, name, exact: true })

test('an item is shown as a grid of annotators and questions, some at a time, with one lane and its errors folded', async ({
  serve,
  open: openPage,
}) => {
  const annotators = Array.from({ length: 60 }, (_, at) => `annotator-${at + 1}`)
  const system = await open({
    workers: annotators.flatMap((annotator) =>
      ['urgency', 'topic'].map((domain) => worker(`${annotator}/${domain}`, { tasks: { maxAttempts: 1 } })),
    ),
  })
  await system.load('data', [{ id: 'm-1', do: 'throw' }])
  await system.start('annotator-57/topic')
  await state(system, 'annotator-57/topic', 'completed')
  const { url } = await serve(system)
  const { page } = await openPage(`${url}/#/tasks/data/m-1`)
  await logIn(page, token)
  await heading(page, 'm-1').waitFor()
  const grid = page.getByRole('region', { name: 'Lanes by annotator and question' })
  // The lane that somebody has to look at, though it is on another page.
  await lane(page, '57/topic').waitFor()
  assert.equal(await grid.getByRole('columnheader').allTextContents(), ['Annotator', 'urgency', 'topic'])
  const stack = page.getByText('puppet.worker', { exact: false }).first()
  assert.is(await stack.isVisible(), false)
  await page.getByText('E_LUCK', { exact: false }).first().click()
  await stack.waitFor()
  assert.is(await grid.getByRole('row').count(), 52)
  await page.getByRole('button', { name: 'Next' }).click()
  await grid.getByRole('link', { name: '57, topic: dead' }).waitFor()
  await grid.getByRole('link', { name: '60, urgency: waiting' }).click()
  await lane(page, '60/urgency').waitFor()
  assert.match(page.url(), 'annotator=60&domain=urgency')
})

test.run()
