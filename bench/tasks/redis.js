// @ts-check
/** A Redis of the benchmark's own: a free port of the loopback, a folder of its own, an append-only file. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'

/** @typedef {'everysec' | 'always'} Fsync */

export async function startRedis(/** @type {string} */ folder, /** @type {Fsync} */ fsync) {
  requireRedis()
  const port = await freePort()
  const settings = {
    port,
    bind: '127.0.0.1',
    dir: folder,
    save: '',
    appendonly: 'yes',
    appendfsync: fsync,
    'maxmemory-policy': 'noeviction',
  }
  const server = spawn(
    'redis-server',
    Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]),
    { stdio: 'ignore' },
  )
  const connection = { host: '127.0.0.1', port, maxRetriesPerRequest: null }
  const client = new Redis({ ...connection, lazyConnect: true, retryStrategy: () => null })
  client.on('error', () => {})
  try {
    for (let tries = 1; ; tries++) {
      try {
        await client.connect()
        break
      } catch (error) {
        if (tries >= 100) throw error
        await sleep(50)
      }
    }
  } catch (error) {
    server.kill('SIGKILL')
    throw error
  }
  return {
    connection,
    async stop() {
      client.disconnect()
      const gone = once(server, 'exit')
      server.kill('SIGKILL')
      await gone
    },
  }
}

/** Installs Debian's package if there is none. */
export function requireRedis() {
  try {
    execFileSync('redis-server', ['--version'], { stdio: 'ignore' })
  } catch {
    console.error('installing redis-server ...')
    for (const args of [['update'], ['install', '-y', 'redis-server']])
      execFileSync('apt-get', args, { stdio: ['ignore', 'ignore', 'inherit'] })
  }
}

/** @returns {Promise<number>} */
async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  await once(probe, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
