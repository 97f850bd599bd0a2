/** `node --import ./test/register.mjs x.ts` builds, and runs what `x.ts` has become; what that starts needs no loader. See `build.mjs`. */
import { register } from 'node:module'
import { isMainThread } from 'node:worker_threads'

if (isMainThread) {
  // A thread's stacks are read by drover, which knows of maps.
  process.setSourceMapsEnabled(true)
  if (/\.ts$/.test(process.argv[1] ?? '')) {
    const { build } = await import('./build.mjs')
    await build()
    register('./built-hooks.mjs', import.meta.url)
  }
}
