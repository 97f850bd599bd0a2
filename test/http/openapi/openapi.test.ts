/** The OpenAPI document, against a validator that is not ours and against the routes; and its page. */
import { Validator } from '@seriousme/openapi-schema-validator'
import { Hono } from 'hono'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ownVersion } from '../../../src/http/base/version.js'
import { createStatusApp } from '../../../src/http.js'
import { open, worker } from '../../support/system.js'
import { cleanUpServers, type Document, serveApi } from '../support.js'

test.after.each(cleanUpServers)

const oneWorker = (): ReturnType<typeof open> => open({ workers: [worker('annotator-1/urgency')] })

test('the document is valid OpenAPI 3.1, says so, and has the version of the package', async () => {
  const { document } = await serveApi(await oneWorker())
  const { valid, errors } = await new Validator().validate(structuredClone(document) as never)
  assert.ok(valid, JSON.stringify(errors, null, 1)?.slice(0, 2_000))
  assert.match(document.openapi, /^3\.1\./)
  assert.is((document as unknown as { info: { version: string } }).info.version, ownVersion())
})

test('every route of the API is in the document, and nothing else', async () => {
  const system = await oneWorker()
  const { document } = await serveApi(system)
  const routes = createStatusApp(system)
    .routes.filter(({ method, path }) => method !== 'ALL' && !path.includes('*') && /^\/(api|livez|health|readyz)/.test(path))
    .map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`)
  const documented = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  )
  const config = ['GET', 'PUT', 'POST', 'DELETE'].map((method) => `${method} /api/config/{call}`)
  assert.equal([...new Set([...routes, 'GET /api/ws', ...config])].sort(), documented.sort())
})

test('operations have ids of their own, a tag, a summary, and say that any call may be refused', async () => {
  const { document } = await serveApi(await oneWorker())
  const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods))
  const ids = operations.map(({ operationId }) => operationId)
  assert.equal(ids, [...new Set(ids)])
  for (const { operationId, tags, summary, responses } of operations as (Document['paths'][string][string] & {
    tags: string[]
    summary: string
  })[]) {
    assert.is(tags?.length, 1, operationId)
    assert.ok(summary, operationId)
    assert.ok(responses['500'] || responses['200'], operationId)
  }
})

test('every reference leads somewhere', async () => {
  const { document } = await serveApi(await oneWorker())
  for (const [, name] of JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)) {
    assert.match(name as string, /^#\/components\/schemas\//)
    assert.ok(document.components.schemas[(name as string).split('/').at(-1) as string], name)
  }
})

test('below a prefix the document names it as its server', async () => {
  const outer = new Hono().route('/tools/drover', createStatusApp(await oneWorker()))
  const env = { incoming: { socket: { remoteAddress: '127.0.0.1' } } }
  const answer = await outer.request('http://localhost/tools/drover/api/openapi.json', {}, env)
  const document = (await answer.json()) as Document
  assert.equal(document.servers, [{ url: '/tools/drover' }])
})

test('the reference has every operation and schema, and neither scripts nor inline styles', async () => {
  const { url, document } = await serveApi(await oneWorker())
  const answer = await fetch(`${url}/api/reference`)
  assert.match(answer.headers.get('content-type') ?? '', /^text\/html/)
  const page = await answer.text()
  for (const methods of Object.values(document.paths)) {
    for (const { operationId } of Object.values(methods)) assert.ok(page.includes(`id="${operationId}"`), operationId)
  }
  for (const name of Object.keys(document.components.schemas)) assert.ok(page.includes(`id="schema-${name}"`), name)
  assert.not.match(page, /<script|<style|\sstyle=|\son\w+=|https?:\/\/(?!127\.0\.0\.1)/)
  assert.not.match(page, /\[object |undefined<|>undefined/)
  const links = [...page.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id)
  for (const id of links) assert.ok(page.includes(`id="${id}"`), `a link to #${id} leads nowhere`)
  const style = await fetch(new URL('reference.css', `${url}/api/reference`))
  assert.match(style.headers.get('content-type') ?? '', /^text\/css/)
})

test.run()
