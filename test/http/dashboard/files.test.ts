import { readdirSync, readFileSync } from 'node:fs'
import { get } from 'node:http'
import { fileURLToPath } from 'node:url'
import { gunzipSync, gzipSync } from 'node:zlib'
import { Hono } from 'hono'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createStatusApp } from '../../../src/http.js'
import { ask, closeServers, serve, token } from '../../support/status.js'
import { cleanUp, open } from '../../support/system.js'

const folder = fileURLToPath(new URL('../../../dist/dashboard/', import.meta.url))

test.after.each(async () => {
  await closeServers()
  await cleanUp()
})

/** As it is sent: fetch would take `..` out of a path before. */
function raw(url: string, path: string, headers: Record<string, string> = {}): Promise<{ status: number; type: string; body: Buffer }> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    get({ hostname, port, path, headers }, async (response) => {
      const chunks: Buffer[] = []
      for await (const chunk of response) chunks.push(chunk as Buffer)
      resolve({ status: response.statusCode ?? 0, type: String(response.headers['content-type']), body: Buffer.concat(chunks) })
    }).on('error', reject)
  })
}

test('the page is served to everyone, with its files under permanent names', async () => {
  const server = await serve(await open({ workers: [] }), { token })
  for (const path of ['/', '/index.html']) {
    const { status, headers, body } = await ask(server, path)
    assert.is(status, 200)
    assert.is(headers.get('content-type'), 'text/html; charset=utf-8')
    assert.is(headers.get('cache-control'), 'no-cache')
    assert.is(body, readFileSync(`${folder}index.html`, 'utf8'))
    const named = await ask(server, path, { headers: { 'if-none-match': headers.get('etag') ?? '' } })
    assert.is(named.status, 304)
    assert.is(named.body, '')
  }
  const names = readdirSync(folder).filter((name) => /\.(js|css)$/.test(name))
  const page = readFileSync(`${folder}index.html`, 'utf8')
  for (const name of names) {
    const { status, headers } = await ask(server, `/${name}`)
    assert.is(status, 200)
    assert.match(name, /-[A-Z0-9]{8}\.(js|css)$/)
    assert.match(headers.get('content-type') ?? '', name.endsWith('.js') ? /^text\/javascript/ : /^text\/css/)
    assert.is(headers.get('cache-control'), 'public, max-age=31536000, immutable')
    assert.ok(page.includes(`"${name}"`), `${name} is referred to relative to the page`)
  }
  assert.is(names.length, 2)
})

test('files are sent compressed to clients that accept it, and uncompressed to others', async () => {
  const server = await serve(await open({ workers: [] }))
  const plain = await raw(server.url, '/')
  const packed = await raw(server.url, '/', { 'accept-encoding': 'br, gzip' })
  assert.equal(gunzipSync(packed.body), plain.body)
})

test('no path leads out of the folder', async () => {
  const server = await serve(await open({ workers: [] }))
  for (const path of [
    '/../package.json',
    '/..%2fpackage.json',
    '/..%2f..%2fpackage.json',
    '/..%5c..%5cpackage.json',
    '/dashboard%2f..%2f..%2f..%2fpackage.json',
    '/%2e%2e/package.json',
    '/../http.js',
    '/constructor',
    '/__proto__',
    '/dashboard/index.html',
    '//etc/passwd',
  ]) {
    const { status, body } = await raw(server.url, path)
    assert.is(status, 404, path)
    assert.not(body.includes('"version"'), path)
  }
})

test('a mounted one is shown with and without the slash at its end', async () => {
  const system = await open({ workers: [] })
  const outer = new Hono().get('/', (c) => c.text('the outer page'))
  outer.route('/in/drover', createStatusApp(system))
  const from = (path: string): Promise<Response> =>
    Promise.resolve(outer.request(`http://localhost${path}`, { headers: { host: 'localhost' } }))
  const redirect = await from('/in/drover')
  assert.is(redirect.status, 302)
  assert.is(new URL(redirect.headers.get('location') ?? '', 'http://localhost/in/drover').pathname, '/in/drover/')
  assert.match(await (await from('/in/drover/')).text(), '<div id="app">')
  assert.is(await (await from('/')).text(), 'the outer page')
})

test('without the dashboard there is none', async () => {
  const server = await serve(await open({ workers: [] }), { dashboard: false })
  assert.is((await ask(server, '/')).status, 404)
})

test('all of it weighs less than 84 kB compressed, and brings no schemas along', () => {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const sizes = files.map(({ name }) => gzipSync(readFileSync(`${folder}${name}`), { level: 9 }).length)
  const total = sizes.reduce((sum, size) => sum + size, 0)
  assert.ok(total < 84_000, `${total} bytes`)
  const script = files.find(({ name }) => name.endsWith('.js'))?.name ?? ''
  assert.not.match(readFileSync(`${folder}${script}`, 'utf8'), /Invalid type: Expected|better-sqlite3/)
})

test('nothing in the page needs what its content security policy forbids', () => {
  const page = readFileSync(`${folder}index.html`, 'utf8')
  assert.not.match(page, /<style|<script(?![^>]* src=)|\sstyle=|\son\w+=/)
  const sheet = readdirSync(folder).find((name) => name.endsWith('.css'))
  assert.not.match(readFileSync(`${folder}${sheet}`, 'utf8'), /url\(|@import/)
})

test.run()
