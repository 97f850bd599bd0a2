/** What becomes of a page when the server, or only the WebSocket, is out of reach. */
import * as assert from 'uvu/assert'
import { open, state, worker } from '../../support/system.js'
import { blockingProxy } from './support/blocking-proxy.js'
import { openBusy } from './support/busy.js'
import { badge, connection, isMarked, logIn, mark, workerRow } from './support/dashboard.js'
import { browserSuite, token } from './support/suite.js'

const test = browserSuite('connection')

const list = '#/workers?view=list'

test('a server that went away and came back is found again, with what changed meanwhile', async ({ serve, open: openPage }) => {
  const system = await openBusy()
  // Without a token nobody has to log in anew: sessions end with the server.
  const first = await serve(system, {})
  const { page, expect } = await openPage(`${first.url}/${list}`)
  expect(/ERR_CONNECTION_(?:REFUSED|RESET)|ERR_EMPTY_RESPONSE|WebSocket connection to/)
  await connection(page, 'Live').waitFor()
  await badge(workerRow(page, 'a/x'), 'idle').waitFor()
  await mark(page)
  await first.close({ graceMs: 0 })
  await connection(page, 'Offline').waitFor()
  await system.start()
  await state(system, 'a/x', 'running')
  await serve(system, { port: first.port })
  await connection(page, 'Live').waitFor()
  await badge(workerRow(page, 'a/x'), 'running').waitFor()
  assert.ok(await isMarked(page))
})

test('after a restart of a server with tokens the page asks for one, and then shows what it showed', async ({ serve, open: openPage }) => {
  const system = await open({ workers: [worker('a/x')] })
  const first = await serve(system)
  const { page, expect } = await openPage(`${first.url}/${list}`)
  expect(/ERR_CONNECTION_(?:REFUSED|RESET)|ERR_EMPTY_RESPONSE|WebSocket connection to|status of 401/)
  await logIn(page, token)
  await first.close({ graceMs: 0 })
  await connection(page, 'Offline').waitFor()
  await serve(system, { port: first.port, token })
  await logIn(page, token)
  await badge(workerRow(page, 'a/x'), 'idle').waitFor()
})

test('without a working WebSocket the state is polled; once one works, it is live', async ({ serve, open: openPage, closing }) => {
  const system = await openBusy()
  const server = await serve(system, {})
  const proxy = await blockingProxy(server.port)
  closing(proxy.close)
  const { page, expect } = await openPage(`${proxy.url}/${list}`)
  expect(/WebSocket connection to/)
  await connection(page, 'Polling').waitFor()
  assert.ok(proxy.refused() > 0)
  await badge(workerRow(page, 'a/x'), 'idle').waitFor()
  await system.start()
  await badge(workerRow(page, 'a/x'), 'running').waitFor()
  await connection(page, 'Polling').waitFor()
  proxy.block(false)
  await connection(page, 'Live').waitFor()
  await system.pause()
  await badge(workerRow(page, 'a/x'), 'paused').waitFor()
  proxy.block(true)
  await connection(page, 'Polling').waitFor()
})

test.run()
