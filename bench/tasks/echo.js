// @ts-check
/** A bare `postMessage` to a thread and back, with nothing behind it: what any design with messages is bounded by. */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { answer } from '../support/child.js'

/**
 * @typedef {object} EchoRun
 * @property {number} tasks
 * @property {number} batch tasks in a message
 * @property {number} depth messages on their way at once
 */

await answer(async (/** @type {EchoRun} */ { tasks, batch, depth }) => {
  const thread = new Worker(new URL('./echo-thread.js', import.meta.url))
  await once(thread, 'online')
  await exchange(thread, 50_000, batch, depth)
  const began = performance.now()
  await exchange(thread, tasks, batch, depth)
  const seconds = (performance.now() - began) / 1_000
  await thread.terminate()
  return { perSecond: tasks / seconds, seconds }
})

/** @returns {Promise<void>} */
function exchange(/** @type {Worker} */ thread, /** @type {number} */ tasks, /** @type {number} */ batch, /** @type {number} */ depth) {
  let sent = 0
  let back = 0
  const send = () => {
    thread.postMessage(Array.from({ length: Math.min(batch, tasks - sent) }, () => ({ n: sent++ })))
  }
  return new Promise((resolve) => {
    const onMessage = (/** @type {object[]} */ message) => {
      back += message.length
      if (sent < tasks) send()
      if (back < tasks) return
      thread.off('message', onMessage)
      resolve()
    }
    thread.on('message', onMessage)
    for (let i = 0; i < depth && sent < tasks; i++) send()
  })
}
