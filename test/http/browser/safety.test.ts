/** What others wrote is shown as they wrote it, and nothing of a page goes anywhere but to its own server. */
import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { serve as listen } from '@hono/node-server'
import { Hono } from 'hono'
import * as assert from 'uvu/assert'
import { WebSocketServer } from 'ws'
import { createStatusApp } from '../../../src/http.js'
import { hangMs } from '../../support/hang.js'
import { open, state, worker } from '../../support/system.js'
import { openBusy } from './support/busy.js'
import { badge, connection, heading, logIn, settled, show, workerRow } from './support/dashboard.js'
import { browserSuite, token } from './support/suite.js'
import { isPlain, views } from './support/views.js'

const test = browserSuite('safety')

const attack = '<img src=x onerror="globalThis.attacked = true"><script>globalThis.attacked = true</script>'

test('HTML in keys, data, results, errors, log lines and reasons is shown as text', async ({ serve, open: openPage }) => {
  const key = `key ${attack}`
  const system = await open({ workers: [worker('a/x', { input: { apiKey: attack } }), worker('b/x')] })
  await system.load('data', [
    { id: key, do: 'throw', note: attack },
    { id: 'logs', do: 'log' },
  ])
  await system.start('a/x')
  await state(system, 'a/x', 'completed')
  await system.blacklist('b/x', attack)
  const { url } = await serve(system)
  const { page } = await openPage(url)
  await logIn(page, token)
  const shown: [hash: string, times: number][] = [
    ['#/tasks?state=dead', 1],
    [`#/tasks/data/${encodeURIComponent(key)}`, 1],
    ['#/workers/b%2Fx', 1],
    ['#/events/blacklist', 1],
    [`#/tasks?search=${encodeURIComponent(attack)}`, 1],
  ]
  for (const [hash] of shown) {
    await show(page, hash)
    await page.getByText('onerror=', { exact: false }).first().waitFor({ state: 'attached' })
    await settled(page)
    assert.is(await page.locator('main img').count(), 0, hash)
    assert.is(await page.locator('main script').count(), 0, hash)
  }
  for (const { hash, heading: name } of views.filter(isPlain)) {
    await show(page, hash)
    await heading(page, name).waitFor()
    await settled(page)
  }
  assert.is(await page.evaluate('globalThis.attacked'), undefined)
})

test('mounted under a prefix in another application it works as it does alone', async ({ open: openPage, closing }) => {
  const system = await openBusy()
  const app = new Hono()
  app.get('/', (c) => c.text('the application'))
  app.route('/ops/drover', createStatusApp(system, { token }))
  const sockets = new WebSocketServer({ noServer: true })
  const server = listen({ fetch: app.fetch, port: 0, hostname: '127.0.0.1', websocket: { server: sockets as never } }) as Server
  await once(server, 'listening')
  closing(() => {
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as AddressInfo
  const { page } = await openPage(`http://127.0.0.1:${port}/ops/drover`)
  const asked: string[] = []
  page.on('request', (request) => asked.push(new URL(request.url()).pathname))
  await logIn(page, token)
  await show(page, '#/workers?view=list')
  await badge(workerRow(page, 'a/x'), 'idle').waitFor()
  await system.start()
  await badge(workerRow(page, 'a/x'), 'running').waitFor()
  await show(page, '#/quotas')
  await heading(page, 'Quotas').waitFor()
  await page.reload()
  await connection(page, 'Live').waitFor()
  assert.equal(
    asked.filter((path) => !path.startsWith('/ops/drover/')),
    [],
  )
})

test('a load from elsewhere is refused by the policy of the page, and the test would notice', async ({ serve, open: openPage }) => {
  const { url } = await serve(await open({ workers: [worker('a/x')] }), {})
  const { page, complaints, expect } = await openPage(url)
  await connection(page, 'Live').waitFor()
  assert.equal(complaints(), [])
  const elsewhere = 'http://localhost:1'
  for (const [directive, add] of [
    ['img-src', `Object.assign(new Image(), { src: '${elsewhere}/a.png' })`],
    ['script-src-elem', `Object.assign(document.createElement('script'), { src: '${elsewhere}/a.js' })`],
    ['script-src-elem', `Object.assign(document.createElement('script'), { textContent: 'globalThis.attacked = true' })`],
    ['style-src-elem', `Object.assign(document.createElement('link'), { rel: 'stylesheet', href: '${elsewhere}/a.css' })`],
  ]) {
    const violated = await page.evaluate(`new Promise((resolve) => {
      document.addEventListener('securitypolicyviolation', (event) => resolve(event.effectiveDirective), { once: true })
      document.body.append(${add})
      setTimeout(resolve, ${hangMs}, 'nothing')
    })`)
    assert.is(violated, directive)
  }
  assert.is(await page.evaluate('globalThis.attacked'), undefined)
  assert.ok(complaints().length >= 4)
  expect(/Content Security Policy|request to elsewhere: http:\/\/localhost:1\//)
})

test.run()
