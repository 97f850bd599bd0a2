/** The type of the API is the type of a client: what hono's `hc` makes of it knows parameters, queries, bodies and answers. */
import { hc } from 'hono/client'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { StatusApi } from '../../../src/http.js'
import { items, open, worker } from '../../support/system.js'
import { cleanUpServers, serveApi } from '../support.js'

test.after.each(cleanUpServers)

test('a client made of the type asks, and knows what is answered', async () => {
  const system = await open({ workers: [worker('annotator-1/urgency')] })
  await system.load('data', items(2), { key: (item) => item.id })
  const { url } = await serveApi(system)
  const api = hc<StatusApi>(`${url}/api/v1`)

  const workers = await (await api.workers.$get({ query: { state: 'idle', limit: '5' } })).json()
  const id: string = workers.items[0]?.id ?? ''
  assert.is(id, 'annotator-1/urgency')

  const detail = await (await api.workers[':id'].$get({ param: { id: encodeURIComponent(id) } })).json()
  const above: string[] = detail.above
  assert.equal(above, [])

  const outcomes = await (await api.control.start.$post({ json: { workers: [id] } })).json()
  const ok: boolean | undefined = outcomes[0]?.ok
  assert.is(ok, true)
  await system.done()

  const tasks = await (await api.tasks.$get({ query: { state: 'done' } })).json()
  assert.is(tasks.items.length, 2)
  const { count } = await (await api.tasks.retry.$post({ json: { keys: ['item-0'] } })).json()
  assert.is(count, 0)
})

/** Never run: what the compiler has to refuse. */
export function refusedByTheCompiler(): void {
  const api = hc<StatusApi>('http://127.0.0.1')
  // @ts-expect-error a query that there is not
  void api.workers.$get({ query: { colour: 'red' } })
  // @ts-expect-error an id is needed
  void api.workers[':id'].$get({})
  // @ts-expect-error a reason is needed
  void api.control.blacklist.$post({ json: { workers: ['a'] } })
  // @ts-expect-error a state that there is not
  void api.control.stop.$post({ json: { state: 'asleep' } })
  // @ts-expect-error no such path
  void api.nothing
}

test.run()
