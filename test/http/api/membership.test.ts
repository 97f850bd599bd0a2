/** Workers that are added, changed and removed over HTTP. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Drover, supervisor } from '../../../src/index.js'
import { workerSchema } from '../../../src/options/worker.js'
import { refused } from '../../support/refused.js'
import { readToken, token } from '../../support/status.js'
import { items, open, puppet, state, worker } from '../../support/system.js'
import { type Api, cleanUpServers, serveApi } from '../support.js'

test.after.each(cleanUpServers)

const later = new URL('../../fixtures/later.worker.js', import.meta.url)
const key = 'sk-the-first-key-of-all'
const other = 'sk-another-key-of-somebody'

/** Two annotators under a supervisor. */
async function pair(): Promise<{ api: Api; system: Drover }> {
  const system = await open({
    quotas: { 'key-2': { requests: [{ limit: 1_000, per: 'minute' }] } },
    workers: [
      supervisor({
        id: 'pair',
        children: [worker('annotator-1/urgency', { annotator: '1', input: { apiKey: key }, delayMs: 100 }), worker('annotator-2/urgency')],
      }),
    ],
  })
  await system.load('data', items(3))
  return { api: await serveApi(system), system }
}

const idsOf = (system: Drover): string[] => system.status().workers.map(({ id }) => id)

test('a worker is added like another one, under the same supervisor, and does a lane of its own', async () => {
  const { api, system } = await pair()
  const added = await api.post('/api/v1/workers', {
    id: 'annotator-3/urgency',
    like: 'annotator-1/urgency',
    options: { quota: 'key-2', priority: 5, delayMs: null },
  })
  assert.is(added.status, 201)
  assert.equal([added.body.annotator, added.body.domain, added.body.dataset, added.body.state], ['3', 'urgency', 'data', 'idle'])
  const { body } = await api.get('/api/v1/workers/annotator-3%2Furgency')
  assert.equal([body.above, body.quotas, body.settings.priority, body.settings.delayMs], [['pair'], ['key-2'], 5, 0])
  await api.post('/api/v1/control/start', { workers: ['annotator-3/urgency'] })
  await state(system, 'annotator-3/urgency', 'completed')
  assert.is(system.worker('annotator-3/urgency').status().progress?.done, 3)
})

test('inputs of workers are taken, and never come back, nor are they stored', async () => {
  const { api, system } = await pair()
  const answers = [
    await api.post('/api/v1/workers', { id: 'annotator-3/urgency', like: 'annotator-1/urgency', options: { input: { apiKey: other } } }),
    await api.call('PATCH', '/api/v1/workers/annotator-1%2Furgency', { options: { input: { note: 'a harmless text' } } }),
    await api.call('PATCH', '/api/v1/workers/annotator-1%2Furgency', { options: { input: { apiKey: other } }, persist: true }),
    await api.get('/api/v1/workers/annotator-3%2Furgency'),
    await api.get('/api/v1/events?limit=100'),
  ]
  assert.equal(
    answers.map(({ status }) => status),
    [201, 200, 400, 200, 200],
  )
  assert.match(answers[2]?.body.message, /^persist: its input holds a secret/)
  const told = JSON.stringify(answers.map(({ body }) => body))
  for (const secret of [key, other, 'a harmless text']) assert.not.match(told, secret)
  // What was not named is as it was: the first one still has its key.
  await system.load('data', [{ id: 'luck', do: 'throw' }])
  await system.update('annotator-1/urgency', { tasks: { maxAttempts: 1 } })
  await system.start('annotator-1/urgency')
  await state(system, 'annotator-1/urgency', 'completed')
  const [{ message } = { message: '' }] = await system.errors({ worker: 'annotator-1/urgency' })
  assert.is(message, 'no luck with [redacted]')
})

test('what is not possible is refused with the option, the value and what is allowed, and nothing changes', async () => {
  const { api, system } = await pair()
  const like = 'annotator-1/urgency'
  const place = '/api/v1/workers/annotator-1%2Furgency'
  const before = [system.tree(), system.view.settings(like)]
  const id = 'annotator-3/urgency'
  for (const [method, path, body, status, said] of [
    ['POST', '/api/v1/workers', { id, like: 'annotator-9/urgency' }, 404, /there is no worker "annotator-9\/urgency"/],
    ['POST', '/api/v1/workers', { id, like: 'pair' }, 404, /there is no worker "pair"/],
    ['POST', '/api/v1/workers', { id, like, under: 'none' }, 404, /there is no supervisor "none"/],
    ['POST', '/api/v1/workers', { id }, 400, /^like: is missing/],
    ['POST', '/api/v1/workers', { id, like, module: './evil.js' }, 400, /^module: not known here/],
    [
      'POST',
      '/api/v1/workers',
      { id, like, options: { module: './evil.js' } },
      400,
      /^options\.module must be left out: .* names none, got "\.\/evil\.js"/,
    ],
    [
      'POST',
      '/api/v1/workers',
      { id, like, options: { dataset: 'other' } },
      400,
      /^options\.dataset: .*these can: module, enabled, target/,
    ],
    ['POST', '/api/v1/workers', { id, like, options: [] }, 400, /^options: an object/],
    ['POST', '/api/v1/workers', { id: like, like }, 400, /id: expected another id/],
    ['POST', '/api/v1/workers', { id: 'no id!', like }, 400, /id: expected an id such as annotator-1\/urgency.*"no id!"/],
    ['POST', '/api/v1/workers', { id, like, options: { concurrency: 0 } }, 400, /concurrency: expected a whole number.* 0/],
    ['POST', '/api/v1/workers', { id, like, options: { quota: 'none' } }, 400, /quota: expected.*"none"/],
    ['PATCH', place, { options: { delayMs: 5 } }, 400, /delayMs: expected .*5/],
    ['PATCH', place, { options: { priority: 3, group: 'none' } }, 400, /group/],
    ['PATCH', place, { options: { restart: { mode: 'never' } } }, 400, /restart\.mode: expected one of 'permanent'.*never/],
    ['PATCH', place, { options: { tasks: { maxAttempts: 0 } } }, 400, /tasks\.maxAttempts: expected a whole number, at least 1/],
    ['PATCH', place, { options: { annotator: '9' } }, 400, /^options\.annotator: not an option that can be set here/],
    ['PATCH', '/api/v1/workers/pair', { options: {} }, 404, /pair/],
    ['DELETE', '/api/v1/workers/pair', undefined, 404, /pair/],
    ['DELETE', `${place}?drainMs=soon`, undefined, 400, /^drainMs: a whole number/],
  ] as const) {
    const answer = await api.call(method, path, body)
    const what = `${method} ${path} ${JSON.stringify(body)}: ${JSON.stringify(answer.body)}`
    assert.is(answer.status, status, what)
    assert.match(answer.body.message, said, what)
  }
  assert.equal([system.tree(), system.view.settings(like)], before)
})

test('all that update may change is changed over HTTP, and takes effect', async () => {
  const { api, system } = await pair()
  const id = 'annotator-2/urgency'
  const place = '/api/v1/workers/annotator-2%2Furgency'
  const values: Record<string, unknown> = {
    requires: [],
    resourceLimits: { maxOldGenerationSizeMb: 200 },
    recycle: { maxTasks: 50 },
    isolation: 'thread',
    significant: false,
    heartbeat: { everyMs: 50, timeoutMs: 2_000 },
    restart: { mode: 'transient', maxRestarts: 2, backoff: { initialMs: 10, factor: null } },
    tasks: { maxAttempts: 1, timeoutMs: null },
  }
  const fixed = ['id', 'annotator', 'domain', 'dataset']
  for (const name of Object.keys(workerSchema.entries).filter((each) => !fixed.includes(each) && each !== 'module')) {
    const { status, body } = await api.call('PATCH', place, { options: { [name]: values[name] ?? null } })
    assert.is(status, 200, `${name}: ${JSON.stringify(body)}`)
  }
  // One attempt in place of the three of the system.
  await system.load('data', [{ id: 'luck', do: 'throw' }])
  await system.start(id)
  await state(system, id, 'completed')
  assert.is((await system.tasks.list({ worker: id, state: 'dead' })).items[0]?.attempts, 1)
})

test('a worker gets only a module that the server names, of which it has the code', async () => {
  const { system } = await pair()
  const module = later.href
  const api = await serveApi(system, { modules: [later] })
  const id = 'annotator-3/urgency'
  const like = 'annotator-2/urgency'
  const before = system.tree()
  for (const other of [puppet.href, 'data:text/javascript,process.exit()', './none.js', `${module}?again`, 7, null]) {
    for (const [method, path, body] of [
      ['POST', '/api/v1/workers', { id, like, options: { module: other } }],
      ['PATCH', '/api/v1/workers/annotator-2%2Furgency', { options: { module: other } }],
    ] as const) {
      const answer = await api.call(method, path, body)
      assert.equal([answer.status, answer.body.error], [400, 'ARGUMENT_INVALID'])
      assert.ok(answer.body.message.startsWith(`options.module must be one of ${module}, got `), answer.body.message)
    }
  }
  assert.equal(system.tree(), before)
  assert.is((await api.post('/api/v1/workers', { id, like, options: { module } })).status, 201)
  await system.start(id)
  await state(system, id, 'completed')
  const [first] = (await api.get(`/api/v1/results/sample?worker=${encodeURIComponent(id)}`)).body.items
  assert.equal(first.value.othersDone, [0])
  assert.is((await api.call('PATCH', '/api/v1/workers/annotator-2%2Furgency', { options: { module } })).status, 200)
  const wrong = await refused(serveApi(system, { modules: ['./there-is-no-such.js'] }))
  assert.match(wrong.message, /modules\[0\]: expected a file that exists/)
})

test('a worker is removed, its results stay, and who is added for its lane continues', async () => {
  const { api, system } = await pair()
  await system.start('annotator-2/urgency')
  await state(system, 'annotator-2/urgency', 'completed')
  assert.equal((await api.call('DELETE', '/api/v1/workers/annotator-2%2Furgency?drainMs=0')).body, { id: 'annotator-2/urgency' })
  assert.equal(idsOf(system), ['annotator-1/urgency'])
  assert.is((await refused(system.start('annotator-2/urgency'))).code, 'WORKER_UNKNOWN')
  assert.is((await api.post('/api/v1/workers', { id: 'annotator-2/urgency', like: 'annotator-1/urgency' })).status, 201)
  assert.is(system.worker('annotator-2/urgency').status().progress?.done, 3)
})

test('who may only read adds, changes and removes nothing', async () => {
  const system = await open({ workers: [worker('a/x')] })
  const api = await serveApi(system, { token, readToken })
  const as = { authorization: `Bearer ${readToken}` }
  for (const [method, path, body] of [
    ['POST', '/api/v1/workers', { id: 'b/x', like: 'a/x' }],
    ['PATCH', '/api/v1/workers/a%2Fx', { options: { priority: 1 } }],
    ['DELETE', '/api/v1/workers/a%2Fx', undefined],
  ] as const)
    assert.is((await api.call(method, path, body, as)).status, 403)
  assert.equal(idsOf(system), ['a/x'])
})

test.run()
