import { register as registerHooks } from 'node:module'
import { isMainThread } from 'node:worker_threads'
import { register } from 'tsx/esm/api'

register()
// Tests run in the main thread only.
if (isMainThread) registerHooks('./uvu-hooks.mjs', import.meta.url)
