// @ts-check
/** The help desk: its own login and pages, and the status server as one more part of it. */
import { randomBytes, randomUUID } from 'node:crypto'
import { createStatusApp } from 'drover/http'
import { Hono } from 'hono'
import { deleteCookie, getSignedCookie, setSignedCookie } from 'hono/cookie'
import { csrf } from 'hono/csrf'
import { loginPage, messagesPage } from './pages.js'

const cookie = 'help-desk'

/**
 * @param {import('drover').Drover} drover
 * @param {ReturnType<typeof import('./users.js').createUsers>} users
 */
export function createApp(drover, users) {
  // Cookies of an earlier run are worth nothing.
  const secret = randomBytes(32).toString('hex')
  const userOf = async (/** @type {import('hono').Context} */ c) => users.byName(await getSignedCookie(c, secret, cookie))

  const app = new Hono()
  app.use(csrf())

  app.get('/login', (c) => c.html(loginPage({ failed: c.req.query('failed') !== undefined })))
  app.post('/login', async (c) => {
    const { name, password } = await c.req.parseBody()
    const user = users.check(String(name), String(password))
    if (!user) return c.redirect('/login?failed', 303)
    await setSignedCookie(c, cookie, user.name, secret, { httpOnly: true, sameSite: 'Strict', path: '/' })
    return c.redirect('/', 303)
  })
  app.post('/logout', (c) => {
    deleteCookie(c, cookie, { path: '/' })
    return c.redirect('/login', 303)
  })

  // Whoever opens a page without being logged in is asked to; calls of the API get the 401 of the status server.
  app.use(async (c, next) => {
    const isPage = c.req.method === 'GET' && c.req.header('accept')?.includes('text/html')
    return isPage && !(await userOf(c)) ? c.redirect('/login') : next()
  })

  // The one line that this is an example of. `authorize` is asked for each request, also for the WebSocket.
  app.route('/drover', createStatusApp(drover, { authorize: async (c) => (await userOf(c))?.role ?? null }))

  app.get('/', async (c) => {
    const labels = []
    for await (const result of drover.results({ dataset: 'messages' })) labels.push(result)
    return c.html(messagesPage({ user: await userOf(c), labels }))
  })
  app.post('/messages', async (c) => {
    if (!(await userOf(c))) return c.text('not logged in', 401)
    const { text } = await c.req.parseBody()
    await drover.load('messages', [{ id: randomUUID(), text: String(text) }])
    return c.redirect('/', 303)
  })
  return app
}
