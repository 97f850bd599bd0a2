/** Providers for tests, closed at the end of each, and requests to them without a client's own ideas. */
import { setImmediate } from 'node:timers/promises'
import { type FakeProvider, type FakeProviderOptions, fakeProvider, type ManualClock, simulatedClock } from '../../src/testing.js'
import { hangMs } from '../support/hang.js'

const providers: FakeProvider[] = []

/** A provider whose time stands still. */
export async function open(options: FakeProviderOptions = {}): Promise<{ provider: FakeProvider; clock: ManualClock }> {
  const clock = simulatedClock({ manual: true })
  const provider = await fakeProvider({ clock, ...options })
  providers.push(provider)
  return { provider, clock }
}

/** To be run after each test. */
export async function cleanUp(): Promise<void> {
  await Promise.all(providers.splice(0).map((provider) => provider.close()))
}

export interface Ask {
  key?: string | null
  prompt?: string
  /** Instead of a body with the prompt. */
  body?: unknown
  path?: string
  headers?: Record<string, string>
  signal?: AbortSignal
}

export interface Reply {
  status: number
  headers: Record<string, string>
  // biome-ignore lint/suspicious/noExplicitAny: tests read what they expect of it
  body: any
}

export const chatPath = '/v1/chat/completions'
export const geminiPath = '/v1beta/models/gemini-flash:generateContent'

/** One request; its body is parsed where it is JSON. */
export async function ask(provider: FakeProvider, { key = 'key-1', prompt = 'hello', path = chatPath, ...more }: Ask = {}): Promise<Reply> {
  const whole =
    path === chatPath
      ? { model: 'gpt-fake', messages: [{ role: 'user', content: prompt }] }
      : { contents: [{ role: 'user', parts: [{ text: prompt }] }] }
  const { body = whole, headers = {}, signal } = more
  const response = await fetch(provider.url + path, {
    method: 'POST',
    headers: { ...(key !== null && { authorization: `Bearer ${key}` }), ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    ...(signal && { signal }),
  })
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.startsWith('application/json')
  return { status: response.status, headers: Object.fromEntries(response.headers), body: isJson ? parsed(text) : text }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** So many requests, one after the other: their statuses. */
export async function statuses(provider: FakeProvider, count: number, how: Ask = {}): Promise<number[]> {
  const all: number[] = []
  for (let index = 0; index < count; index++) all.push((await ask(provider, how)).status)
  return all
}

/** Waits, by turns of the event loop, until a condition holds that no event tells of. */
export async function until(condition: () => boolean, what: string, withinMs = hangMs): Promise<void> {
  for (const deadline = performance.now() + withinMs; !condition(); await setImmediate()) {
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`)
  }
}
