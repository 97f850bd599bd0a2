/**
 * Bundles the dashboard into `dist/dashboard`: a page, a script and a style sheet whose names change with what is in them, and the licences of
 * what was copied in.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { build } from 'esbuild'

const from = 'src/http/dashboard'
const to = 'dist/dashboard'

rmSync(to, { recursive: true, force: true })
const { metafile } = await build({
  entryPoints: { dashboard: `${from}/main.tsx`, style: `${from}/styles/main.css` },
  outdir: to,
  entryNames: '[name]-[hash]',
  bundle: true,
  minify: true,
  format: 'esm',
  platform: 'browser',
  target: ['es2022', 'safari16'],
  jsx: 'automatic',
  jsxImportSource: 'preact',
  legalComments: 'none',
  metafile: true,
})
const named = (/** @type {string} */ ending) => basename(Object.keys(metafile.outputs).find((file) => file.endsWith(ending)) ?? '')
const page = readFileSync(`${from}/page.html`, 'utf8').replace('{{css}}', named('.css')).replace('{{js}}', named('.js'))
mkdirSync(to, { recursive: true })
writeFileSync(`${to}/index.html`, page)
const packages = new Set(Object.keys(metafile.inputs).flatMap((file) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? []))
const licences = [...packages].sort().map((name) => `${name}\n\n${readFileSync(`node_modules/${name}/LICENSE`, 'utf8')}`)
writeFileSync(`${to}/LICENSES.txt`, licences.join('\n\n'))
