import { rmSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { WebSocket } from 'ws'
import { endExamples, freshDir, type Running, startExample } from './support.js'

const test = suite<{ dir: string }>('status server in an application')

test.before.each((bench) => {
  bench.dir = freshDir()
})
test.after.each(({ dir }) => {
  endExamples()
  rmSync(dir, { recursive: true, force: true })
})

interface HelpDesk {
  example: Running
  url: string
  passwords: Record<'ada' | 'lin', string>
}

async function openHelpDesk(dir: string): Promise<HelpDesk> {
  const example = startExample('status-server/main.js', ['--port', '0', '--data', dir])
  const [, url = ''] = await example.printed(/^Help desk: (\S+)$/m)
  const passwordOf = async (name: string): Promise<string> =>
    (await example.printed(new RegExp(`^  ${name}, password (\\S+):`, 'm')))[1] ?? ''
  return { example, url, passwords: { ada: await passwordOf('ada'), lin: await passwordOf('lin') } }
}

/** As a browser's form does it. */
function post(url: string, form: Record<string, string>, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    redirect: 'manual',
    body: new URLSearchParams(form),
    headers: { origin: new URL(url).origin, ...headers },
  })
}

/** The cookie of the application. */
async function logIn({ url, passwords }: HelpDesk, name: 'ada' | 'lin'): Promise<string> {
  const answer = await post(`${url}/login`, { name, password: passwords[name] })
  assert.is(answer.headers.get('location'), '/')
  return answer.headers.get('set-cookie')?.split(';')[0] ?? ''
}

const pause = (url: string, headers: Record<string, string>): Promise<Response> =>
  fetch(`${url}/drover/api/v1/control/pause`, {
    method: 'POST',
    body: '{}',
    headers: { 'content-type': 'application/json', 'x-drover-csrf': '1', ...headers },
  })

test('a visitor without a login gets the login of the application, and the API answers 401', async ({ dir }) => {
  const { url } = await openHelpDesk(dir)
  const page = await fetch(`${url}/drover/`, { redirect: 'manual', headers: { accept: 'text/html' } })
  assert.equal([page.status, page.headers.get('location')], [302, '/login'])
  assert.is((await fetch(`${url}/drover/api/v1/overview`)).status, 401)
  assert.is((await pause(url, {})).status, 401)
  const wrong = await post(`${url}/login`, { name: 'ada', password: 'guessed' })
  assert.is(wrong.headers.get('location'), '/login?failed')
})

test('a user with control sees the workers live and controls them', async ({ dir }) => {
  const desk = await openHelpDesk(dir)
  const { example, url } = desk
  const cookie = await logIn(desk, 'ada')
  assert.match(await (await fetch(`${url}/drover/`, { headers: { cookie, accept: 'text/html' } })).text(), /<!doctype html>/i)
  await post(`${url}/messages`, { text: 'The shop is down, please help <now>' }, { cookie })

  const socket = new WebSocket(`${url.replace('http', 'ws')}/drover/api/ws?protocol=2`, { headers: { cookie, origin: url } })
  await new Promise<void>((resolve, reject) => {
    socket.on('error', reject)
    socket.on('message', (data) => {
      if (/"done":2\b/.test(String(data))) resolve()
    })
  })
  const page = await (await fetch(url, { headers: { cookie, accept: 'text/html' } })).text()
  assert.match(page, /urgency: \{&quot;label&quot;:&quot;high&quot;\}/)

  const outcomes = (await (await pause(url, { cookie })).json()) as { worker: string }[]
  assert.equal(
    outcomes.map(({ worker }) => worker),
    ['rules/urgency', 'rules/topic'],
  )
  const closed = new Promise<number>((resolve) => socket.on('close', resolve))
  example.kill('SIGINT')
  assert.is(await closed, 1001)
  const { code, stderr } = await example.ended
  assert.is(code, 130, stderr)
})

test('a user for reading only sees the workers, and is refused everything else', async ({ dir }) => {
  const desk = await openHelpDesk(dir)
  const cookie = await logIn(desk, 'lin')
  assert.is((await fetch(`${desk.url}/drover/api/v1/overview`, { headers: { cookie } })).status, 200)
  assert.is((await pause(desk.url, { cookie })).status, 403)
})

test.run()
