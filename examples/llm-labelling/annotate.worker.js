// @ts-check
/** Asks a language model for one label, with the key that drover granted. */
import { defineWorker, TaskError } from 'drover/worker'
import OpenAI from 'openai'

/** @typedef {{ baseURL: string, apiKeys: Record<string, string> }} Input */
/** @typedef {Map<string, OpenAI>} Clients by the name of the key's quota */

const rehearsals = 5

export default defineWorker({
  setup: async (/** @type {import('drover/worker').WorkerContext<undefined, Input>} */ { input: { baseURL, apiKeys } }) => {
    // drover does the waiting and the trying again: a client that tried again by itself would call more often than it was granted.
    const clients = new Map(Object.entries(apiKeys).map(([quota, apiKey]) => [quota, new OpenAI({ baseURL, apiKey, maxRetries: 0 })]))
    // A thread's first calls take ten times as long as later ones. Some that count against no limit go before.
    for (let round = 0; round < rehearsals; round++) for (const client of clients.values()) await client.models.list()
    return clients
  },

  process: async (
    /** @type {import('drover/worker').Task<{ text: string }>} */ { data },
    /** @type {import('drover/worker').WorkerContext<Clients, Input>} */ { domain, quota, state, signal, withQuota },
  ) => {
    const messages = [
      { role: /** @type {const} */ ('system'), content: domain },
      { role: /** @type {const} */ ('user'), content: data.text },
    ]
    // Settles the tokens that the answer tells. Refused, the task is done later, or with another key: it is not the task's fault.
    const { data: answer } = await withQuota((lease) => {
      const client = state.get(lease.quota)
      if (!client) throw new TaskError('NO_KEY', { retry: false })
      return client.chat.completions.create({ model: 'fake-model', messages }, { signal }).withResponse()
    })
    return { label: answer.choices[0]?.message.content ?? '', key: quota.lease?.quota }
  },
})
