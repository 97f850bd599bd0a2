import { register as registerHooks } from 'node:module'
import { isMainThread } from 'node:worker_threads'

const startedByTest = !isMainThread || process.argv[1]?.endsWith('process-entry.js')

if (startedByTest) {
  process.setSourceMapsEnabled(true)
  registerHooks('./ts-hooks.mjs', import.meta.url)
} else {
  const { register } = await import('tsx/esm/api')
  register()
  registerHooks('./uvu-hooks.mjs', import.meta.url)
}
