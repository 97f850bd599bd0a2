import { connect } from 'node:net'
import OpenAI from 'openai'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { FaultKind } from '../../src/testing.js'
import { ask, cleanUp, geminiPath, open, statuses, until } from './support.js'

test.after.each(cleanUp)

test('a failing server answers with the body of its flavor', async () => {
  for (const [kind, status, openai, gemini] of [
    ['server-error', 500, 'server_error', 'INTERNAL'],
    ['unavailable', 503, 'server_error', 'UNAVAILABLE'],
  ] as const) {
    const { provider } = await open({ faults: { kind, times: 1 } })
    const told = await ask(provider)
    assert.is(told.status, status)
    assert.is(told.body.error.type, openai)
    assert.is((await ask(provider)).status, 200)
    const { provider: other } = await open({ flavor: 'gemini', faults: { kind, times: 1 } })
    const { status: same, body } = await ask(other, { path: geminiPath })
    assert.equal([same, body.error.code, body.error.status], [status, status, gemini])
  }
})

test('a timeout never answers, and is over when the client gives up', async () => {
  const { provider, clock } = await open({ faults: { kind: 'timeout', times: 1 }, limits: { concurrency: 1 } })
  const controller = new AbortController()
  const asked = ask(provider, { signal: controller.signal }).catch((error: Error) => error.name)
  await until(() => provider.account.totals().inFlight === 1, 'it arrived')
  clock.advance(3_600_000)
  assert.is((await ask(provider)).status, 429, 'it holds its place')
  controller.abort()
  assert.is(await asked, 'AbortError')
  await until(() => provider.account.totals().inFlight === 0, 'it ended')
  const [record] = provider.account.requests
  assert.equal([record?.fault, record?.status, (record?.endedAt ?? 0) - (record?.at ?? 0)], ['timeout', null, 3_600_000])
  assert.is((await ask(provider)).status, 200)
})

test('a connection is cut before the headers: the client gets not a byte', async () => {
  const { provider } = await open({ faults: { kind: 'cut-before-headers', times: 2 } })
  assert.is(await ask(provider).catch((error: Error) => error.message), 'fetch failed')
  assert.is(await received(provider.url), '')
  assert.equal(
    provider.account.requests.map(({ status, fault }) => [status, fault]),
    Array(2).fill([null, 'cut-before-headers']),
  )
})

test('a connection is cut in the middle of the body: the client gets half of what the headers promised', async () => {
  const { provider } = await open({ faults: { kind: 'cut-in-body', times: 2 } })
  assert.is(await ask(provider).catch((error: Error) => error.message), 'terminated')
  const [head = '', body = ''] = (await received(provider.url)).split('\r\n\r\n')
  assert.match(head, /^HTTP\/1\.1 200 OK/)
  const promised = Number(head.match(/content-length: (\d+)/i)?.[1])
  assert.is(body.length, Math.floor(promised / 2))
})

test('a stream is cut in the middle: the client has its first words, and then an error', async () => {
  const { provider } = await open({ faults: { kind: 'cut-in-body', times: 1 }, answer: () => 'a b c d e f' })
  const openai = new OpenAI({ baseURL: provider.baseUrl, apiKey: 'key-1', maxRetries: 0 })
  const stream = await openai.chat.completions.create({ model: 'm', stream: true, messages: [{ role: 'user', content: 'x' }] })
  let text = ''
  try {
    for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? ''
    assert.unreachable('the stream ended well')
  } catch (error) {
    assert.match((error as Error).message, 'terminated')
  }
  assert.ok('a b c d e f'.startsWith(text) && text.length > 0 && text.length < 11, text)
})

test('half of the JSON comes as if it were all of it', async () => {
  const { provider } = await open({ faults: { kind: 'half-json', times: 1 } })
  const { status, body } = await ask(provider)
  assert.is(status, 200)
  assert.match(body, /^\{"id":"chatcmpl-/)
  assert.throws(() => JSON.parse(body))
})

test('a proxy answers with a page of HTML', async () => {
  const { provider } = await open({ faults: { kind: 'html', times: 1 } })
  const { status, headers, body } = await ask(provider)
  assert.equal([status, headers['content-type']], [502, 'text/html'])
  assert.match(body, '<h1>502 Bad Gateway</h1>')
})

test('a slow body comes in ten pieces over its time, and is whole', async () => {
  const { provider, clock } = await open({ faults: { kind: 'slow-body', times: 1, overMs: 5_000 }, answer: () => 'päper'.repeat(50) })
  const asked = ask(provider)
  for (let piece = 1; piece <= 10; piece++) {
    await until(() => clock.pending === 1, `piece ${piece} waits`)
    assert.is(provider.account.totals().inFlight, 1)
    clock.advance(500)
  }
  assert.is((await asked).body.choices[0].message.content, 'päper'.repeat(50))
  const [record] = provider.account.requests
  assert.is((record?.endedAt ?? 0) - (record?.at ?? 0), 5_000)
})

test('a client that leaves a slow body leaves no timer', async () => {
  const { provider, clock } = await open({ faults: { kind: 'slow-body', times: 1 } })
  const controller = new AbortController()
  const asked = ask(provider, { signal: controller.signal }).catch((error: Error) => error.name)
  await until(() => clock.pending === 1, 'the first piece waits')
  controller.abort()
  assert.is(await asked, 'AbortError')
  await until(() => clock.pending === 0, 'the timer was called off')
  assert.is(provider.account.requests[0]?.outputTokens, 0)
})

test('an empty answer is well-formed in both shapes', async () => {
  const { provider } = await open({ faults: { kind: 'empty-answer', times: 2 } })
  const chat = await ask(provider)
  assert.equal([chat.status, chat.body.choices[0].message.content, chat.body.usage.completion_tokens], [200, '', 0])
  const gemini = await ask(provider, { path: geminiPath })
  assert.equal([gemini.status, gemini.body.candidates], [200, [{ finishReason: 'STOP', index: 0 }]])
})

test('an answer, a latency or a predicate that throws is a 500 that says why', async () => {
  const broken = (): never => {
    throw new Error('no such label')
  }
  for (const options of [
    { answer: broken },
    { answer: () => Promise.reject(new Error('no such label')), latencyMs: broken },
    { latencyMs: broken },
    { faults: { kind: 'timeout' as const, when: broken } },
  ]) {
    const { provider } = await open(options)
    const { status, body } = await ask(provider)
    assert.equal([status, body.error.message], [500, 'no such label'])
    assert.equal([provider.account.requests[0]?.fault, provider.account.totals().inFlight], ['threw', 0])
  }
  const { provider } = await open({ answer: () => 7 as never })
  assert.match((await ask(provider)).body.error.message, /^answer must return a text, or \{ text/)
})

test('a fault comes at its rate, the same for the same seed', async () => {
  const outcomes = async (random: number): Promise<string> => {
    const { provider } = await open({ faults: { kind: 'unavailable', rate: 0.3 }, random })
    return (await statuses(provider, 200)).join()
  }
  const first = await outcomes(1)
  assert.is(await outcomes(1), first)
  assert.is.not(await outcomes(2), first)
  const share = first.split(',').filter((status) => status === '503').length / 200
  assert.ok(share > 0.2 && share < 0.4, `${share}`)
})

test('a fault affects the next requests that its predicate picks, until it is used up or removed', async () => {
  const { provider } = await open()
  provider.inject({ kind: 'unavailable', times: 2, when: ({ prompt }) => prompt === 'bad' })
  const takeBack = provider.inject({ kind: 'server-error', when: ({ key }) => key === 'key-2' })
  assert.equal(await statuses(provider, 2), [200, 200])
  assert.equal(await statuses(provider, 3, { prompt: 'bad' }), [503, 503, 200])
  assert.equal(await statuses(provider, 2, { key: 'key-2' }), [500, 500])
  takeBack()
  assert.equal(await statuses(provider, 1, { key: 'key-2' }), [200])
})

test('every fault counts against the limits, and a request that is refused uses up none', async () => {
  for (const kind of ['server-error', 'unavailable', 'html', 'half-json', 'empty-answer'] satisfies FaultKind[]) {
    const { provider, clock } = await open({ limits: { requests: { limit: 1, per: 'minute' } }, faults: { kind, times: 2 } })
    await ask(provider)
    assert.equal(await statuses(provider, 3), [429, 429, 429])
    clock.advance(60_000)
    await ask(provider)
    assert.equal(provider.account.totals().byFault, { [kind]: 2 })
  }
})

/** Every byte of an answer, as it came. */
function received(url: string): Promise<string> {
  const { hostname, port } = new URL(url)
  const body = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'x' }] })
  const socket = connect(Number(port), hostname)
  socket.end(
    `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer key-1\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  )
  let text = ''
  return new Promise((resolve) => {
    socket.setEncoding('utf8').on('data', (data: string) => {
      text += data
    })
    socket.on('error', () => {}).on('close', () => resolve(text))
  })
}

test.run()
