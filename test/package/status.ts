// A user's status server, alone, in an application, and a typed client of it; type-checked against the packed package. Never run.
import { createDrover } from 'drover'
import { createStatusApp, type Role, type ServeOptions, type StatusApi, type StatusServer, serveStatus } from 'drover/http'
import { Hono } from 'hono'
import { hc } from 'hono/client'

const drover = await createDrover({ store: ':memory:', workers: [{ id: 'annotator-1/urgency', module: './annotate.worker.js' }] })
const options: ServeOptions = {
  port: 0,
  hostname: '127.0.0.1',
  token: 'a token of 16 or more',
  hosts: ['console.example.org'],
  sessionMs: 60_000,
}
const server: StatusServer = await serveStatus(drover, options)

// @ts-expect-error a misspelt option is a compile error
export const misspelt: ServeOptions = { readTokn: 'a token of 16 or more' }

type Users = { Variables: { user: { isAdmin: boolean } } }
const roleOf = (user: { isAdmin: boolean }): Role => (user.isAdmin ? 'control' : 'read')
const status = createStatusApp(drover, { authorize: (c) => roleOf(c.get('user')), hosts: '*' })
export const app = new Hono<Users>().get('/', (c) => c.text('home')).route('/drover', status)

const api = hc<StatusApi>(`${server.url}/api/v1`, { headers: { authorization: 'Bearer a-token-of-16-or-more' } })
const page = await (await api.workers.$get({ query: { state: 'running,paused', limit: '5' } })).json()
const states: ('idle' | 'running' | (string & {}))[] = page.items.map(({ state }) => state)
const detail = await (await api.workers[':id'].$get({ param: { id: encodeURIComponent('annotator-1/urgency') } })).json()
const [outcome] = await (await api.control.stop.$post({ json: { annotator: 1, drainMs: 1_000 } })).json()
const { count } = await (await api.tasks.drop.$post({ json: { keys: ['a'], confirmation: 'CONFIRM' } })).json()
console.log(states.length, detail.above.length, outcome?.ok, count.toFixed())

// @ts-expect-error a reason is needed
void api.control.blacklist.$post({ json: { workers: ['annotator-1/urgency'] } })
// @ts-expect-error no such path
void api.nothing

await server.close({ graceMs: 1_000 })
await drover.close()
