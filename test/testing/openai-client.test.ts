/** What OpenAI's own client makes of the provider. */
import OpenAI from 'openai'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { thrownBy } from '../support/refused.js'
import { cleanUp, open } from './support.js'

test.after.each(cleanUp)

function client(baseURL: string, apiKey = 'key-1'): OpenAI {
  return new OpenAI({ baseURL, apiKey, maxRetries: 0 })
}

const hello = { model: 'gpt-fake', messages: [{ role: 'user' as const, content: 'hello there, you' }] }

test('an answer has its text, its usage and the id of its request', async () => {
  const { provider } = await open({ answer: ({ prompt, model, key }) => `${prompt} ${model} ${key}` })
  const { data, request_id } = await client(provider.baseUrl).chat.completions.create(hello).withResponse()
  assert.is(data.choices[0]?.message.content, 'hello there, you gpt-fake key-1')
  assert.is(data.choices[0]?.finish_reason, 'stop')
  assert.equal(data.usage, { prompt_tokens: 4, completion_tokens: 8, total_tokens: 12 })
  assert.is(data.created, Date.UTC(2025, 0, 15, 12) / 1_000)
  assert.match(request_id ?? '', /^req_\d+$/)
})

test('a streamed answer gives the same text in parts, and its usage where that is asked for', async () => {
  const { provider } = await open({ answer: () => ({ text: ' one two\nthree ', inputTokens: 7, outputTokens: 3 }) })
  const stream = await client(provider.baseUrl).chat.completions.create({ ...hello, stream: true, stream_options: { include_usage: true } })
  const parts: string[] = []
  const usages: unknown[] = []
  for await (const { choices, usage } of stream) {
    parts.push(choices[0]?.delta.content ?? '')
    if (usage) usages.push(usage)
  }
  assert.is(parts.join(''), ' one two\nthree ')
  assert.ok(parts.length > 3)
  assert.equal(usages, [{ prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 }])
  assert.is(provider.account.requests[0]?.outputTokens, 3)
})

test('the answer knows the last message of the user, all messages, the body, and how often the body came', async () => {
  const attempts: number[] = []
  const { provider } = await open({
    answer: ({ prompt, messages, body, attempt }) => {
      attempts.push(attempt)
      return JSON.stringify({ prompt, messages, temperature: body.temperature })
    },
  })
  const body = {
    model: 'gpt-fake',
    temperature: 0.5,
    messages: [
      { role: 'system' as const, content: 'Label it.' },
      {
        role: 'user' as const,
        content: [
          { type: 'text' as const, text: 'win ' },
          { type: 'text' as const, text: 'now' },
        ],
      },
      { role: 'assistant' as const, content: 'spam' },
    ],
  }
  const { choices } = await client(provider.baseUrl).chat.completions.create(body)
  assert.equal(JSON.parse(choices[0]?.message.content ?? ''), {
    prompt: 'win now',
    messages: [
      { role: 'system', text: 'Label it.' },
      { role: 'user', text: 'win now' },
      { role: 'assistant', text: 'spam' },
    ],
    temperature: 0.5,
  })
  await client(provider.baseUrl).chat.completions.create(body)
  await client(provider.baseUrl, 'another').chat.completions.create(body)
  assert.equal(attempts, [1, 2, 1])
})

test('the client knows a refusal for what it is', async () => {
  const { provider } = await open({ limits: { requests: { limit: 1, per: 'minute' } }, keys: ['key-1', 'key-2'] })
  const openai = client(provider.baseUrl)
  await openai.chat.completions.create(hello)
  const refused = await thrownBy(openai.chat.completions.create(hello))
  assert.ok(refused instanceof OpenAI.RateLimitError)
  assert.is(refused.code, 'rate_limit_exceeded')
  assert.is(refused.type, 'requests')
  assert.is(refused.headers.get('retry-after-ms'), '60000')
  assert.ok((await thrownBy(client(provider.baseUrl, 'not-a-key').chat.completions.create(hello))) instanceof OpenAI.AuthenticationError)
  provider.retire('key-2')
  assert.ok((await thrownBy(client(provider.baseUrl, 'key-2').chat.completions.create(hello))) instanceof OpenAI.PermissionDeniedError)
})

test('the client finds the models', async () => {
  const { provider } = await open({ models: ['small', 'large'] })
  const names: string[] = []
  for await (const { id } of client(provider.baseUrl).models.list()) names.push(id)
  assert.equal(names, ['small', 'large'])
})

test.run()
