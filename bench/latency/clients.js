// @ts-check
/**
 * Clients in a process of their own: so many sockets, some of which never read, and some that poll instead. Each notes when it knew of a
 * state of the worker `flip`, by the time since when it is in it.
 */
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { answer } from '../support/child.js'

/**
 * @typedef {{ url: string, sockets: number, deaf: number, pollers: number, pollMs: number }} Input
 * @typedef {[since: number, at: number][]} Log since when `flip` is in its state, and when that was known: ms of the machine's clock
 * @typedef {{ sockets: Log[], pollers: Log[] }} Seen
 */

const now = () => Number(process.hrtime.bigint()) / 1e6

/** Frames were parsed, all of them; those of `flip` are noted. */
async function follow(/** @type {Input} */ { url }, /** @type {Log} */ seen) {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/api/ws?protocol=2`, ['drover.v2'])
  const whole = new Promise((resolve) => {
    socket.on('message', (/** @type {Buffer} */ text) => {
      const message = JSON.parse(text.toString())
      if (message.type === 'ping') socket.send('{"type":"pong"}')
      if (message.type === 'state') resolve(null)
      const flip = message.type === 'patch' && message.data.workers?.flip
      if (flip && flip.since !== undefined) seen.push([flip.since, now()])
    })
  })
  await once(socket, 'open')
  await whole
  return socket
}

/** Reads nothing, and asks for more. */
async function neverRead(/** @type {Input} */ { url }) {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/api/ws?protocol=2`, ['drover.v2'])
  socket.on('error', () => {})
  await once(socket, 'open')
  socket.pause()
  const timer = setInterval(() => {
    for (let n = 0; n < 20 && socket.readyState === WebSocket.OPEN; n++) socket.send('{"type":"request_full_state"}')
  }, 50)
  socket.once('close', () => clearInterval(timer))
  return { socket, timer }
}

async function poll(/** @type {Input} */ { url, pollMs }, /** @type {Log} */ seen, /** @type {AbortSignal} */ signal) {
  await sleep(Math.random() * pollMs)
  while (!signal.aborted) {
    const workers = /** @type {{ id: string, state: string, since: number }[]} */ (await (await fetch(`${url}/poll`)).json())
    const flip = workers.find(({ id }) => id === 'flip')
    if (flip) seen.push([flip.since, now()])
    await sleep(pollMs, null, { signal }).catch(() => {})
  }
}

await answer(async (/** @type {Input & { folder: string }} */ input) => {
  /** @type {Seen} */
  const seen = { sockets: Array.from({ length: input.sockets }, () => []), pollers: Array.from({ length: input.pollers }, () => []) }
  const over = new AbortController()
  const polling = seen.pollers.map((own) => poll(input, own, over.signal))
  /** @type {WebSocket[]} */
  const sockets = []
  for (let n = 0; n < input.sockets; n += 50)
    sockets.push(...(await Promise.all(seen.sockets.slice(n, n + 50).map((own) => follow(input, own)))))
  const deaf = await Promise.all(Array.from({ length: input.deaf }, () => neverRead(input)))
  process.send?.('ready')
  await once(process, 'message')
  over.abort()
  await Promise.all(polling)
  for (const socket of sockets) socket.terminate()
  for (const { socket, timer } of deaf) {
    clearInterval(timer)
    socket.terminate()
  }
  return seen
})
