/**
 * TypeScript for the threads and processes that a test starts: each module compiled once and kept in `.tmp`. tsx does more, and takes each thread
 * a third of a second of a processor to start; tests start hundreds.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('../.tmp/compiled/', import.meta.url))

/** @type {import('node:module').ResolveHook} */
export async function resolve(specifier, context, next) {
  if (/^(?:\.|file:)/.test(specifier) && specifier.endsWith('.js')) {
    const url = new URL(specifier, context.parentURL)
    const source = new URL(url.href.replace(/\.js$/, '.ts'))
    if (!existsSync(url) && existsSync(source)) return next(source.href, context)
  }
  return next(specifier, context)
}

/** @type {import('node:module').LoadHook} */
export async function load(url, context, next) {
  if (!/^file:.*\.m?ts$/.test(url)) return next(url, context)
  const path = fileURLToPath(url)
  const text = readFileSync(path, 'utf8')
  return { format: 'module', source: await compiled(path, text), shortCircuit: true }
}

/** @param {string} path @param {string} text */
async function compiled(path, text) {
  const file = `${folder}${createHash('sha1').update(`${path}\n${text}`).digest('hex')}.js`
  if (existsSync(file)) return readFileSync(file, 'utf8')
  const { transform } = await import('esbuild')
  const { code } = await transform(text, {
    loader: 'ts',
    format: 'esm',
    target: 'node20',
    keepNames: true,
    sourcemap: 'inline',
    sourcefile: path,
  })
  mkdirSync(folder, { recursive: true })
  const own = `${file}.${process.pid}.${process.hrtime.bigint()}`
  writeFileSync(own, code)
  renameSync(own, file)
  return code
}
