/** The annotations of old clients: pages, one again, statistics and exports, over real HTTP. */
import { strFromU8, unzipSync } from 'fflate'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Drover } from '../../../src/drover/drover.js'
import { ask, closeServers, serve } from '../../support/status.js'
import { cleanUp, items, open, until, worker } from '../../support/system.js'

const test = suite('the annotations of old clients')
test.after.each(async () => {
  await closeServers()
  await cleanUp()
})

// biome-ignore lint/suspicious/noExplicitAny: what was answered is looked at field by field
type Get = (path: string) => Promise<any>

/** Two annotators have labelled twelve items; the first has given one up. */
async function labelled(): Promise<{ drover: Drover; get: Get; status: Get; post: Get; raw: Get }> {
  const drover = await open({
    tasks: { maxAttempts: 1 },
    workers: [worker('annotator-1/urgency'), worker('annotator-2/urgency', { dataset: 'others' })],
  })
  const server = await serve(drover)
  const text = (i: number): object => ({ text: i === 5 ? '=cmd|"x"\n' : `Text ${i}` })
  await drover.load(
    'data',
    items(12, (i) => ({ ...text(i), ...(i === 2 && { do: 'throw' }) })),
  )
  await drover.load('others', items(12, text))
  await drover.start()
  await drover.done()
  const asked = async (path: string, method = 'GET') => ask(server, `/api${path}`, { method })
  const ok = async (path: string, method?: string) => {
    const { status, body } = await asked(path, method)
    assert.is(status, 200, `${path}: ${JSON.stringify(body)}`)
    return body
  }
  return {
    drover,
    get: (path) => ok(path),
    post: (path) => ok(path, 'POST'),
    status: async (path) => (await asked(path)).status,
    raw: (path) => asked(path),
  }
}

test('come in pages, the newest first, and narrowed down', async () => {
  const { get, status } = await labelled()
  const first = await get('/data/annotations?page_size=10')
  const { total, page, page_size, total_pages, has_next, has_prev } = first
  assert.equal([total, page, page_size, total_pages, has_next, has_prev], [24, 1, 10, 3, true, false])
  const all = [
    ...first.items,
    ...(await get('/data/annotations?page_size=10&page=2')).items,
    ...(await get('/data/annotations?page_size=10&page=3')).items,
  ]
  assert.is(new Set(all.map(({ id, annotator_id }) => `${annotator_id} ${id}`)).size, 24)
  const last = await get('/data/annotations?page_size=10&page=3')
  assert.equal([last.has_next, last.has_prev, last.items.length], [false, true, 4])
  const times = all.map(({ timestamp }) => timestamp as string)
  assert.equal(times, [...times].sort().reverse())

  const dead = await get('/data/annotations?malformed_only=true')
  assert.equal(
    dead.items.map(({ id, annotator_id, label, malformed }: Record<string, unknown>) => [id, annotator_id, label, malformed]),
    [['item-2', 1, 'MALFORMED', true]],
  )
  assert.is((await get('/data/annotations?completed_only=true&annotator_ids=1&domains=urgency,none')).total, 11)
  assert.is((await get('/data/annotations?annotator_ids=1,2&domains=none')).total, 0)
  const found = await get('/data/annotations?search_text=tEXT 7')
  assert.equal([found.total, found.items.map(({ text }: { text: string }) => text)], [2, ['Text 7', 'Text 7']])
  for (const query of ['page_size=9', 'page_size=501', 'page=0', 'malformed_only=maybe'])
    assert.is(await status(`/data/annotations?${query}`), 400)

  const lane = await get('/data/annotations/1/urgency?limit=3')
  assert.equal([lane.annotator_id, lane.domain, lane.total, lane.annotations.length], [1, 'urgency', 12, 3])
  assert.equal([await status('/data/annotations/9/urgency'), await status('/data/annotations/1/urgency?limit=1001')], [404, 400])
  const one = await get('/data/annotations/1/urgency/item-7')
  assert.equal([one.id, one.text, one.malformed], ['item-7', 'Text 7', false])
  assert.is(await status('/data/annotations/1/urgency/item-99'), 404)
  assert.equal(await get('/data/statistics'), {
    total_annotations: 24,
    malformed_count: 1,
    malformed_percentage: 4.2,
    by_annotator: { 1: { total: 12, malformed: 1 }, 2: { total: 12, malformed: 0 } },
    by_domain: { urgency: { total: 24, malformed: 1 } },
  })
})

test('are made again on request: the old result stays in history, and the new one comes first', async () => {
  const { drover, get, post } = await labelled()
  const before = await get('/data/annotations/1/urgency/item-3')
  const message = 'it will be done again when its worker runs'
  assert.equal(await post('/data/retry/1/urgency/item-3'), {
    annotator_id: 1,
    domain: 'urgency',
    sample_id: 'item-3',
    status: 'queued',
    message,
  })
  await post('/data/retry/1/urgency/item-2')
  await drover.start()
  const tasks = async () => (await drover.tasks.get('data', 'item-3'))?.attempts
  await until(() => drover.status().done === 23 && drover.status().dead === 1, 'both were done again')
  const after = await get('/data/annotations/1/urgency/item-3')
  assert.equal([before.attempt, after.attempt], [1, 2])
  assert.ok(after.timestamp > before.timestamp)
  assert.is((await get('/data/annotations?completed_only=true')).items[0].id, 'item-3')
  const attempts = await tasks()
  assert.equal(
    attempts?.map(({ attempt, outcome, error }) => [attempt, outcome, error?.details?.value ?? null]),
    [
      [1, 'done', { key: 'item-3' }],
      [2, 'done', null],
    ],
  )
  const { ok, problems } = await drover.check()
  assert.ok(ok, JSON.stringify(problems))
})

test('are exported as lines, an array, CSV and a workbook', async () => {
  const { get, raw } = await labelled()
  const lines = (await get('/export')).trim().split('\n')
  assert.is(lines.length, 24)
  assert.equal((await get('/export?format=json')).length, 24)
  const csv = await raw('/export?format=csv&annotator_ids=1')
  assert.match(csv.headers.get('content-type') ?? '', /^text\/csv/)
  assert.match(csv.body, /^id,annotator_id,domain,text,.*\r\n/)
  assert.is(csv.body.split(/\r\n/).filter((line: string) => /,2,urgency,/.test(line)).length, 0)
  assert.ok(csv.body.includes('"\'=cmd|""x""\n"'), csv.body)
  const preview = await get('/export/preview?format=csv&limit=2')
  assert.equal([preview.format, preview.total, preview.items.length], ['csv', 24, 2])
  const none = await raw('/export?format=json&annotator_ids=none')
  assert.equal(none.body, [])
})

test('fill a workbook with a summary, and no cell is a formula', async () => {
  const drover = await open({ workers: [worker('annotator-1/urgency')] })
  const server = await serve(drover)
  await drover.load('data', [
    { id: 'a', text: '=1+1 <&> \u0007' },
    { id: 'b', text: '_x000D_' },
    { id: 'c', text: '🙂'.repeat(20_000) },
  ])
  await drover.start()
  await drover.done()
  const answer = await fetch(`${server.url}/api/export?format=excel`)
  assert.match(answer.headers.get('content-disposition') ?? '', /annotations\.xlsx/)
  const files = unzipSync(new Uint8Array(await answer.arrayBuffer()))
  const sheet = (n: number): string => strFromU8(files[`xl/worksheets/sheet${n}.xml`] as Uint8Array)
  assert.match(sheet(1), '<row><c t="inlineStr"><is><t xml:space="preserve"></t></is></c><c><v>3</v></c><c><v>0</v></c>')
  assert.match(sheet(2), '=1+1 &#60;&#38;&#62; \uFFFD</t>')
  assert.is(sheet(2).split('<row>').length, 5)
  // Spreadsheets would read the plain text as the character with that number.
  assert.match(sheet(2), '>_x005F_x000D_</t>')
  // A cell has room for 32,767 characters: no half of one is left over.
  assert.match(sheet(2), `>${'🙂'.repeat(16_383)}</t>`)
  assert.not.match(sheet(2), '<f>')
  assert.match(strFromU8(files['xl/workbook.xml'] as Uint8Array), /name="Summary".*name="Annotations"/)
})

test.run()
