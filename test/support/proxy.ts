/** A proxy that knows no WebSockets. */
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { closeLater } from './sockets.js'

export interface Proxy {
  url: string
  /** Whether upgrades are let through. */
  upgrades: boolean
  /** How many answers had this status. */
  asked(status: string): number
}

/** Hands on everything but upgrades, as old proxies do. */
export async function refusingUpgrades(to: string): Promise<Proxy> {
  const target = new URL(to)
  const statuses: string[] = []
  const server = createServer((incoming, outgoing) => {
    const { upgrade: _, connection: __, ...headers } = incoming.headers
    const { method, url: path } = incoming
    const onwards = request({ host: target.hostname, port: target.port, method, path, headers }, (answer) => {
      statuses.push(String(answer.statusCode))
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(outgoing)
    })
    onwards.on('error', () => outgoing.destroy())
    incoming.pipe(onwards)
  })
  server.on('upgrade', (incoming, socket, head) => {
    if (!proxy.upgrades) {
      socket.end('HTTP/1.1 426 Upgrade Required\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
      return
    }
    const onwards = connect(Number(target.port), target.hostname, () => {
      const headers = incoming.rawHeaders.map((text, at) => (at % 2 === 0 ? `${text}: ` : `${text}\r\n`)).join('')
      onwards.write(`${incoming.method} ${incoming.url} HTTP/1.1\r\n${headers}\r\n`)
      onwards.write(head)
      socket.pipe(onwards).pipe(socket)
    })
    socket.on('error', () => onwards.destroy())
    socket.on('close', () => onwards.destroy())
    onwards.on('error', () => socket.destroy())
    onwards.on('close', () => socket.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closeLater(async () => {
    server.close()
    server.closeAllConnections()
  })
  const proxy: Proxy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    upgrades: false,
    asked: (status) => statuses.filter((each) => each === status).length,
  }
  return proxy
}
