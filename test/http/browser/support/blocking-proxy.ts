/** A proxy in front of a status server that lets HTTP through, and WebSockets only while told to, as some companies' proxies do. */
import { once } from 'node:events'
import { createServer, request } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'

export interface BlockingProxy {
  url: string
  /** How many WebSockets it refused. */
  refused(): number
  /** Upgrades are refused, and those that were let through are cut off; or they pass. */
  block(blocked: boolean): void
  close(): Promise<void>
}

export async function blockingProxy(port: number): Promise<BlockingProxy> {
  const upgraded = new Set<Socket>()
  let blocked = true
  let refused = 0
  const server = createServer((incoming, outgoing) => {
    const { method, url, headers } = incoming
    const onwards = request({ host: '127.0.0.1', port, method, path: url, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(outgoing)
    })
    onwards.on('error', () => outgoing.destroy())
    outgoing.on('close', () => onwards.destroy())
    incoming.pipe(onwards)
  })
  server.on('upgrade', ({ method, url, rawHeaders }, socket: Socket, head: Buffer) => {
    socket.on('error', () => {})
    if (blocked) {
      refused += 1
      socket.end('HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
      return
    }
    const onwards = connect(port, '127.0.0.1', () => {
      const headers = rawHeaders.map((text, index) => (index % 2 === 0 ? `${text}: ` : `${text}\r\n`)).join('')
      onwards.write(`${method} ${url} HTTP/1.1\r\n${headers}\r\n`)
      onwards.write(head)
      socket.pipe(onwards).pipe(socket)
    })
    for (const [one, other] of [
      [socket, onwards],
      [onwards, socket],
    ] as const) {
      upgraded.add(one)
      one.on('error', () => {})
      one.on('close', () => {
        upgraded.delete(one)
        other.destroy()
      })
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    refused: () => refused,
    block(now) {
      blocked = now
      if (now) for (const socket of upgraded) socket.destroy()
    },
    async close() {
      for (const socket of upgraded) socket.destroy()
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
