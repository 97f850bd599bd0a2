/** What happens to workers is seen at once, and what is done on the page happens to them. */
import * as assert from 'uvu/assert'
import { open, state, worker } from '../../support/system.js'
import { longTask, openBusy, patient } from './support/busy.js'
import { badge, button, isMarked, logIn, mark, show, workerRow } from './support/dashboard.js'
import { browserSuite, token } from './support/suite.js'

const test = browserSuite('live')

test('a worker that crashes and comes back is seen doing so, without a reload', async ({ serve, open: openPage }) => {
  // So long that a busy browser sees it, too.
  const restart = { backoff: { immediate: 0, initialMs: 4_000, factor: 1, maxMs: 4_000, jitter: 0 } }
  const system = await open({ heartbeat: patient, workers: [worker('a/x', { restart }), worker('b/x', { dataset: 'other' })] })
  await system.load('data', [{ id: 'boom', do: 'exit', times: 1 }, longTask])
  const { url } = await serve(system)
  const { page } = await openPage(`${url}/#/workers?view=list`)
  await logIn(page, token)
  await mark(page)
  const row = workerRow(page, 'a/x')
  await badge(row, 'idle').waitFor()
  await system.start('a/x')
  await badge(row, 'backoff').waitFor()
  await badge(row, 'running').waitFor()
  assert.ok(await isMarked(page))
  assert.is((await system.failures({ worker: 'a/x' })).length, 1)
  await badge(workerRow(page, 'b/x'), 'idle').waitFor()
})

test('a worker is paused and resumed from its page', async ({ serve, open: openPage }) => {
  const system = await openBusy()
  await system.start()
  await state(system, 'a/x', 'running')
  const { url } = await serve(system)
  const { page } = await openPage(`${url}/#/workers/a%2Fx`)
  await logIn(page, token)
  await button(page, 'Pause').click()
  await state(system, 'a/x', 'paused')
  await button(page, 'Resume').click()
  await state(system, 'a/x', 'running')
})

test('a worker is added like another one, and removed again, and it is said before what that means', async ({ serve, open: openPage }) => {
  const system = await openBusy()
  const { url } = await serve(system)
  const { page, expect } = await openPage(`${url}/#/workers/a%2Fx`)
  expect(/status of 400/)
  await logIn(page, token)
  const dialog = page.getByRole('dialog')
  await button(page, 'Add another').click()
  await dialog.getByLabel('Id').fill('a/x')
  await dialog.getByLabel('Start it at once').uncheck()
  await button(dialog, 'Add').click()
  await dialog.getByText('id: expected another id').waitFor()
  await dialog.getByLabel('Id').fill('b/x')
  await button(dialog, 'Add').click()
  await page.getByRole('heading', { level: 1, name: 'b/x' }).waitFor()
  await button(page, 'Options').click()
  await dialog.getByLabel('Priority').fill('7')
  await button(dialog, 'Change').click()
  await dialog.waitFor({ state: 'detached' })
  assert.is(system.view.settings('b/x')?.priority, 7)
  await button(page, 'Remove').click()
  await dialog.getByText('Left undone: 1 task, until a worker is added for its lane again.').waitFor()
  await button(dialog, 'Remove').click()
  await page.getByRole('heading', { level: 1, name: 'Workers' }).waitFor()
  assert.equal(
    system.status().workers.map(({ id }) => id),
    ['a/x'],
  )
})

test('a dead task is redriven, and is gone from the dead ones once it is done', async ({ serve, open: openPage }) => {
  const system = await open({ workers: [worker('a/x')] })
  await system.load('data', [{ id: 'hopeless', do: 'give up', times: 1 }, { id: 'fine' }])
  await system.start()
  await state(system, 'a/x', 'completed')
  const { url } = await serve(system)
  const { page } = await openPage(`${url}/#/tasks?state=dead`)
  await logIn(page, token)
  const row = page.getByRole('row').filter({ hasText: 'hopeless' })
  await row.getByRole('checkbox').check()
  await button(page, 'Redrive').click()
  await button(page.getByRole('dialog'), 'Redrive').click()
  await row.waitFor({ state: 'detached' })
  await show(page, '#/tasks/data/hopeless')
  await page.getByText('done', { exact: true }).first().waitFor()
  assert.is(system.status().dead, 0)
})

test('a held list of events says how many newer ones there are, and skips to now', async ({ serve, open: openPage }) => {
  const system = await open({ workers: [worker('a/x')] })
  const happen = async (number: number): Promise<void> => {
    for (let n = 0; n < number; n++) await system.update('a/x', { priority: n })
  }
  await happen(2)
  const { url } = await serve(system)
  const { page } = await openPage(`${url}/#/events`)
  await logIn(page, token)
  const updated = page.getByRole('row').filter({ hasText: 'tree:node:updated' })
  await updated.first().waitFor()
  await button(page, 'Hold').click()
  const before = await page.getByRole('row').count()
  await happen(7)
  await page.getByText('7 newer events', { exact: true }).waitFor()
  assert.is(await page.getByRole('row').count(), before)
  await button(page, 'Skip to now').click()
  await updated.nth(8).waitFor()
  await page.getByText('newer events').waitFor({ state: 'detached' })
})

test.run()
