/** What Google's own client makes of the provider. */
import { ApiError, GoogleGenAI } from '@google/genai'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { thrownBy } from '../support/refused.js'
import { ask, cleanUp, geminiPath, open } from './support.js'

test.after.each(cleanUp)

function client(baseUrl: string, apiKey = 'key-1'): GoogleGenAI {
  return new GoogleGenAI({ apiKey, httpOptions: { baseUrl } })
}

test('an answer has its text and its usage; the system instruction and the model are passed on', async () => {
  const { provider } = await open({
    flavor: 'gemini',
    answer: ({ prompt, messages, model, key }) => `${messages[0]?.role} ${prompt} ${model} ${key}`,
  })
  const { text, usageMetadata, modelVersion } = await client(provider.url).models.generateContent({
    model: 'gemini-flash',
    contents: 'hello',
    config: { systemInstruction: 'Label it.', maxOutputTokens: 50 },
  })
  assert.is(text, 'system hello gemini-flash key-1')
  assert.equal({ ...usageMetadata }, { promptTokenCount: 4, candidatesTokenCount: 8, totalTokenCount: 12 })
  assert.is(modelVersion, 'gemini-flash')
  assert.is(provider.account.requests[0]?.counted.outputTokens, 50)
})

test('the client hands on what a refusal says', async () => {
  const { provider } = await open({ flavor: 'gemini', limits: { requests: { limit: 1, per: 'minute' } }, keys: ['key-1'] })
  const question = { model: 'gemini-flash', contents: 'hello' }
  await client(provider.url).models.generateContent(question)
  const refused = await thrownBy(client(provider.url).models.generateContent(question))
  assert.ok(refused instanceof ApiError && refused.status === 429)
  assert.match(refused.message, 'GenerateRequestsPerMinutePerProjectPerModel-FreeTier')
  const unknown = await thrownBy(client(provider.url, 'wrong-key').models.generateContent(question))
  assert.ok(unknown instanceof ApiError && unknown.status === 400)
  assert.match(unknown.message, 'API_KEY_INVALID')
})

test('an answer without text is none for the client', async () => {
  const { provider } = await open({ flavor: 'gemini', faults: { kind: 'empty-answer', times: 1 } })
  assert.is((await client(provider.url).models.generateContent({ model: 'gemini-flash', contents: 'hello' })).text, undefined)
})

test('keys are taken from all places where clients put them', async () => {
  const { provider } = await open({ answer: ({ key }) => key })
  const told = async (how: object): Promise<unknown> =>
    (await ask(provider, { key: null, path: geminiPath, ...how })).body.candidates[0].content.parts[0].text
  assert.is(await told({ headers: { 'x-goog-api-key': 'a' } }), 'a')
  assert.is(await told({ headers: { 'x-api-key': 'b' } }), 'b')
  assert.is(await told({ headers: { authorization: 'bearer c' } }), 'c')
  assert.is(await told({ path: `${geminiPath}?key=d%2F` }), 'd/')
})

test.run()
