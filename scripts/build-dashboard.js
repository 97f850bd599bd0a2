/**
 * Bundles the dashboard into `dist/dashboard`: a page, a script and a style sheet whose names change with what is in them, and the licence
 * of what was copied in.
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
  // Only licences that ask for it are kept.
  legalComments: 'inline',
  metafile: true,
})
const named = (/** @type {string} */ ending) => basename(Object.keys(metafile.outputs).find((file) => file.endsWith(ending)) ?? '')
const page = readFileSync(`${from}/page.html`, 'utf8').replace('{{css}}', named('.css')).replace('{{js}}', named('.js'))
mkdirSync(to, { recursive: true })
writeFileSync(`${to}/index.html`, page)
