/** Who gets in, and what who may only look can do. */
import * as assert from 'uvu/assert'
import { open, state, worker } from '../../support/system.js'
import { openBusy } from './support/busy.js'
import { button, connection, heading, logIn, show, tabTo, workerRow } from './support/dashboard.js'
import { browserSuite, readToken, token } from './support/suite.js'
import { eventually } from './support/wait.js'

const test = browserSuite('log in')

test('a wrong token is refused, the right one opens the dashboard, and a reload keeps the session', async ({ serve, open: openPage }) => {
  const { url } = await serve(await open({ workers: [worker('a/x')] }))
  const { page, expect } = await openPage(url)
  expect(/status of 401.*api\/v1\/session/)
  await page.getByLabel('Token').fill('a-token-of-somebody-else')
  await button(page, 'Log in').click()
  await page.getByRole('alert').filter({ hasText: /token/i }).waitFor()
  assert.is(await heading(page, 'Overview').count(), 0)

  await logIn(page, token)
  await heading(page, 'Overview').waitFor()
  assert.not.match(page.url(), token)
  await page.reload()
  await connection(page, 'Live').waitFor()
  assert.is(await page.getByLabel('Token').count(), 0)

  await button(page, 'Log out').click()
  await page.getByLabel('Token').waitFor()
  await page.reload()
  await page.getByLabel('Token').waitFor()
})

test('the keyboard alone is enough to log in, open a worker and pause it', async ({ serve, open: openPage }) => {
  const system = await openBusy()
  await system.start()
  await state(system, 'a/x', 'running')
  const { url } = await serve(system)
  const { page } = await openPage(url)
  await tabTo(page, page.getByLabel('Token'))
  await page.keyboard.type(token)
  await page.keyboard.press('Enter')
  await tabTo(page, page.getByRole('link', { name: 'Workers', exact: true }))
  await page.keyboard.press('Enter')
  await heading(page, 'Workers').waitFor()
  await tabTo(page, button(page, 'List'))
  await page.keyboard.press('Space')
  await tabTo(page, page.getByRole('link', { name: 'a/x', exact: true }))
  await page.keyboard.press('Enter')
  await heading(page, 'a/x').waitFor()
  await tabTo(page, button(page, 'Pause'))
  await page.keyboard.press('Enter')
  await state(system, 'a/x', 'paused')
})

test('a token for reading gets no actions, and the server would refuse them', async ({ serve, open: openPage }) => {
  const system = await openBusy()
  await system.start()
  await state(system, 'a/x', 'running')
  const { url } = await serve(system)
  const { page, expect } = await openPage(url)
  await logIn(page, readToken)
  await show(page, '#/workers?view=list')
  await workerRow(page, 'a/x').waitFor()
  for (const hash of ['#/workers?view=list', '#/workers/a%2Fx', '#/tasks?state=dead', '#/settings']) {
    await show(page, hash)
    await eventually(async () => (await page.getByRole('heading', { level: 1 }).count()) === 1, `${hash} is shown`)
    for (const name of ['Start', 'Pause', 'Stop', 'Restart', 'Reset', 'Blacklist', 'Redrive', 'Drop', 'Change'])
      for (const offered of await button(page, name).all()) assert.ok(await offered.isDisabled(), `${name} at ${hash}`)
  }
  expect(/status of 403.*control\/pause/)
  const status = await page.evaluate(`(async () => {
    const { csrf } = await (await fetch('api/v1/session')).json()
    const headers = { 'content-type': 'application/json', 'x-drover-csrf': csrf }
    return (await fetch('api/v1/control/pause', { method: 'POST', headers, body: '{}' })).status
  })()`)
  assert.is(status, 403)
  assert.is(system.worker('a/x').status().state, 'running')
})

test.run()
