// @ts-check
/** Dashboards in a process of their own: each counts what comes. */
import { once } from 'node:events'
import { WebSocket } from 'ws'

/** @typedef {{ url: string, dashboards: number, topics: string }} Input */

const seen = { bytes: 0, frames: 0, events: 0 }

async function look(/** @type {Input} */ { url, topics }) {
  // As the dashboard connects.
  const socket = new WebSocket(`${url.replace('http', 'ws')}/api/ws?protocol=2&topics=${topics}&tree=patches`, ['drover.v2'])
  const begun = new Promise((resolve) => {
    socket.on('message', (/** @type {Buffer} */ frame) => {
      seen.bytes += frame.length
      seen.frames++
      const type = frame.toString('latin1', 9, 16)
      if (type.startsWith('ping"')) socket.send('{"type":"pong"}')
      if (type.startsWith('events"')) seen.events += JSON.parse(frame.toString()).data.length
      if (type.startsWith('state"')) resolve(null)
    })
  })
  await once(socket, 'open')
  await begun
  return socket
}

const [input] = await once(process, 'message')
/** @type {WebSocket[]} */
const sockets = []
for (let n = 0; n < input.dashboards; n += 20) {
  const few = Math.min(20, input.dashboards - n)
  sockets.push(...(await Promise.all(Array.from({ length: few }, () => look(input)))))
}
process.send?.('ready')
process.on('message', (message) => {
  if (message === 'count') process.send?.(seen)
  else {
    for (const socket of sockets) socket.terminate()
    process.disconnect()
  }
})
