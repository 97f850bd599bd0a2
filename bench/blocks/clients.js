// @ts-check
/** The clients of the status server, in a thread of their own: what they read and parse is not the main thread's work. */
import { parentPort } from 'node:worker_threads'
import { WebSocket } from 'ws'

/** @typedef {{ get: string } | { join: string } | { leave: true }} Order */

/** @type {WebSocket[]} */
const sockets = []

/** @param {string} url */
async function get(url) {
  const answered = await fetch(url)
  await answered.arrayBuffer()
  if (!answered.ok) throw new Error(`${url}: ${answered.status}`)
}

/** Settles with the first whole state. @param {string} url */
function join(url) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url)
    sockets.push(socket)
    socket.on('message', (data) => String(data).includes('state"') && resolve(null))
    socket.on('error', reject)
  })
}

parentPort?.on('message', async (/** @type {Order} */ order) => {
  let error = null
  try {
    if ('get' in order) await get(order.get)
    else if ('join' in order) await join(order.join)
    else for (const socket of sockets.splice(0)) socket.terminate()
  } catch (thrown) {
    error = `client: ${thrown}`
  }
  parentPort?.postMessage(error)
})
