/**
 * The dashboard's files, which are part of the package. They are read once and served from memory, so no path of a request
 * reaches the file system.
 */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { Hono } from 'hono'
import type { Env } from './base/request-env.js'

interface Asset {
  body: Uint8Array<ArrayBuffer>
  gzip: Uint8Array<ArrayBuffer>
  type: string
  etag: string
}

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
}

/** The folder beside the built package, also found from the sources. */
const folders = ['./dashboard/', '../../dist/dashboard/']

/** The page; all other files have a hash of their content in their name. */
const page = 'index.html'
const forEver = 'public, max-age=31536000, immutable'

let known: Map<string, Asset> | null = null

/** Files by name; null without a build. */
function assets(): Map<string, Asset> | null {
  if (known) return known
  for (const folder of folders) {
    const found = readAll(fileURLToPath(new URL(folder, import.meta.url)))
    if (found.has(page)) {
      known = found
      return known
    }
  }
  return null
}

function readAll(folder: string): Map<string, Asset> {
  const found = new Map<string, Asset>()
  let names: string[] = []
  try {
    names = readdirSync(folder)
  } catch {
    return found
  }
  for (const name of names) {
    const type = types[extname(name)]
    if (!type) continue
    const body = Uint8Array.from(readFileSync(join(folder, name)))
    const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`
    found.set(name, { body, gzip: Uint8Array.from(gzipSync(body, { level: 9 })), type, etag })
  }
  return found
}

export function dashboardRoutes(): Hono<Env> {
  const app = new Hono<Env>()
  // Not get('*'), because every path of the API would then seem to allow GET.
  app.use(async (c, next) => {
    const { path, method } = c.req
    if (method !== 'GET' && method !== 'HEAD') return next()
    const mount = c.get('mount')
    // For a request of /drover without a final slash, relative links would point beside the page, not below it.
    if (mount !== '' && path === mount) return c.redirect(`${path.slice(path.lastIndexOf('/') + 1)}/`, 302)
    const all = assets()
    const name = path.slice(mount.length + 1) || page
    if (!all && name === page) return c.text('The dashboard is not built: run `npm run build` in the package.', 503)
    const asset = all?.get(name)
    if (!asset) return next()
    c.header('vary', 'accept-encoding')
    c.header('etag', asset.etag)
    c.header('cache-control', name === page ? 'no-cache' : forEver)
    if (c.req.header('if-none-match')?.includes(asset.etag)) return c.body(null, 304)
    c.header('content-type', asset.type)
    if (!/\bgzip\b/.test(c.req.header('accept-encoding') ?? '')) return c.body(asset.body)
    c.header('content-encoding', 'gzip')
    return c.body(asset.gzip)
  })
  return app
}
