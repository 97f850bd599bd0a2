/** Moves of tasks, from the address of a list to what is then in the store. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { countMoved, type Move, move, type Request, titleAndText } from '../../../src/http/dashboard/data/task-moves.js'
import { callsFor, hindranceOf, matching, possibleIn, type TaskFilter, taskStates } from '../../../src/http/dashboard/data/tasks.js'
import { parseHash } from '../../../src/http/dashboard/routing/address.js'
import type { Drover } from '../../../src/index.js'
import { ask, closeServers, serve } from '../../support/status.js'
import { cleanUp, items, open, state, until, worker } from '../../support/system.js'

test.after.each(closeServers)
test.after.each(cleanUp)

/** Three lanes of 24 items that stand still: one with done and dead tasks, one whose failed tasks wait for an hour, one that never began. */
async function standing(): Promise<{ system: Drover; request: Request }> {
  const later = { maxAttempts: 5, backoff: { initialMs: 3_600_000, maxMs: 3_600_000, jitter: 0 }, breaker: false as const }
  const once = { maxAttempts: 1, breaker: false as const }
  const system = await open({
    workers: [worker('a/done', { tasks: once }), worker('b/late', { tasks: later }), worker('c/new')],
  })
  const doing = [{}, {}, { do: 'throw' }, { do: 'give up' }]
  await system.load(
    'data',
    items(24, (n) => doing[n % 4] as object),
  )
  await system.start(['a/done', 'b/late'])
  await state(system, 'a/done', 'completed')
  const late = () => system.worker('b/late').status().progress
  await until(() => late()?.retrying === 6 && late()?.done === 12 && late()?.dead === 6, 'each task of b/late was tried')
  await system.stop(undefined, { drainMs: 0 })
  const { url } = await serve(system)
  const request: Request = async (method, path, body) => {
    const answer = await ask({ url }, `/api/v1${path}`, { method, body })
    if (answer.status !== 200) throw new Error(answer.body.message)
    return answer.body
  }
  return { system, request }
}

/** How many tasks there are of those that an action takes away. */
async function left(system: Drover, action: Move['action']): Promise<number> {
  const { waiting, retrying, done, dead, dropped } = await system.tasks.count()
  const { items: all } = await system.tasks.list({ state: 'retrying', limit: 1_000 })
  const early = all.filter(({ at }) => at !== null).length
  return { redrive: dead, retry: early, redo: done, drop: waiting + retrying + dead - dropped, priority: 0 }[action]
}

const listed = (hash: string): TaskFilter => matching(parseHash(hash).query)
const answers = { confirmation: 'CONFIRM', why: 'not needed' }

test('what the question says is what the store then changes: for a search, a kind, a group of errors, a lane, and ticked tasks', async () => {
  const { system, request } = await standing()
  const group = (await system.errors({ domain: 'done' })).find(({ code }) => code === 'E_LUCK')
  const { items: some } = await system.tasks.list({ keys: ['item-2', 'item-3', 'item-6'] })
  const moves: [move: Move, wanted: number][] = [
    [{ action: 'drop', calls: [listed('#/tasks?search=item-1&state=waiting')] }, 11],
    [{ action: 'redrive', calls: [listed('#/tasks?state=dead&kind=dropped')] }, 11],
    [{ action: 'retry', calls: [listed('#/tasks?search=item-1&state=retrying&domain=late')] }, 3],
    [{ action: 'redo', calls: [listed('#/tasks?prefix=item-2&state=done&worker=a/done')] }, 2],
    [{ action: 'drop', calls: [listed(`#/tasks?state=dead&error=${group?.id}`)] }, 6],
    [{ action: 'redrive', calls: [listed('#/tasks?state=dead&code=HOPELESS')] }, 12],
    [{ action: 'drop', calls: callsFor(some) }, 7],
    [{ action: 'redo', calls: [listed('#/tasks?dataset=data')] }, 22],
    [{ action: 'drop', calls: [listed('#/tasks')] }, 59],
  ]
  for (const [{ action, calls }, wanted] of moves) {
    const name = `${action} ${JSON.stringify(calls)}`
    const before = await left(system, action)
    const said = await countMoved(request, { action, calls })
    assert.is(await left(system, action), before, `${name} was only counted`)
    const did = await move(request, { action, calls }, answers)
    const gone = before - (await left(system, action))
    assert.equal({ said, did, gone }, { said: wanted, did: said, gone: said }, name)
  }
})

test('counting and moving take the same filter', async () => {
  const sent: [path: string, body: unknown][] = []
  const request = (async (_method: string, path: string, body: unknown) => {
    sent.push([path, body])
    return { count: 3 }
  }) as Request
  for (const action of ['redrive', 'retry', 'redo', 'drop'] as const) {
    for (const hash of [
      '#/tasks?state=dead&error=e-1&dataset=d',
      '#/tasks?state=dead&kind=poison&code=C',
      '#/tasks?search=x&worker=a/b',
      '#/tasks?key=k&state=done',
    ]) {
      sent.length = 0
      const calls = [listed(hash)]
      assert.is(await countMoved(request, { action, calls }), 3)
      assert.is(await move(request, { action, calls }, answers), 3)
      const [[, counted], [path, moved]] = sent as [[string, object], [string, object]]
      assert.is(path, `/tasks/${action}`)
      const { why: _why, confirmation: _word, ...filter } = moved as Record<string, unknown>
      assert.equal({ action, ...filter }, counted, `${action} ${hash}`)
    }
  }
})

test('nothing ticked means nothing', () => {
  for (const action of possibleIn(taskStates)) assert.is(hindranceOf(action, callsFor([])), 'Tick tasks first, or choose all that match')
  assert.is(hindranceOf('drop', [listed('#/tasks')]), null)
})

test('all done tasks of every dataset are not done again at once', () => {
  assert.match(hindranceOf('redo', [listed('#/tasks?state=done')]) ?? '', 'Choose a dataset')
  assert.is(hindranceOf('redo', [listed('#/tasks?state=done&domain=tone')]), null)
})

test('a question says how many tasks there are and which', () => {
  const { title, text } = titleAndText('drop', 'All dead tasks whose key contains m-1', 1_214)
  assert.is(title, 'Drop 1,214 tasks?')
  assert.match(text, /^All dead tasks whose key contains m-1\. Waiting, retrying and dead tasks are given up/)
  assert.is(titleAndText('retry', 'x', 1).title, 'Retry up to 1 task?')
})

test.run()
