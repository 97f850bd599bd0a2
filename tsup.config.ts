import { rmSync } from 'node:fs'
import { defineConfig, type Options } from 'tsup'

// Not by tsup: one of the parts would remove what another one has written.
rmSync('dist', { recursive: true, force: true })

const common: Options = {
  format: 'esm',
  target: 'node20',
  platform: 'node',
  splitting: true,
  // Stack traces stay readable without source maps: nothing is minified.
  minify: false,
  sourcemap: false,
  removeNodeProtocol: false,
}

/**
 * Each part has chunks of its own: in one, what a thread loads would lie in a dozen files, and it starts for each of them. The output is flat:
 * `new URL('./thread-entry.js', import.meta.url)` then means the same from any chunk.
 */
export default defineConfig([
  {
    ...common,
    entry: { index: 'src/index.ts', testing: 'src/testing.ts', http: 'src/http.ts', client: 'src/client.ts' },
    // hono-openapi knows many schema libraries; it is copied in, and those that are not ours stay out.
    external: [/^zod/, 'arktype', 'effect', 'sury', '@typeschema/main', /^typebox/, '@sinclair/typebox'],
    dts: {
      // Threads have no types of their own.
      entry: { index: 'src/index.ts', worker: 'src/worker.ts', testing: 'src/testing.ts', http: 'src/http.ts', client: 'src/client.ts' },
      // Types only, and no dependency of ours: they are copied in.
      resolve: ['@standard-schema/spec'],
      // What is marked @internal would pull in the types of xstate, and of half the sources.
      compilerOptions: { stripInternal: true },
    },
  },
  {
    ...common,
    // What a thread begins with, and what its worker's module imports.
    entry: {
      worker: 'src/worker.ts',
      'thread-entry': 'src/threads/isolation/thread-entry.ts',
      'process-entry': 'src/threads/isolation/process-entry.ts',
      'process-observer': 'src/threads/isolation/process-observer.ts',
    },
    // Copied in: to look for a package takes a thread longer than to load it.
    noExternal: ['comlink', 'fastest-levenshtein'],
  },
  { ...common, entry: { 'store-thread': 'src/store/thread/store-thread.ts' } },
  { ...common, entry: { 'pool-thread': 'src/pools/pool-thread.ts' }, noExternal: ['fastest-levenshtein'] },
  { ...common, entry: { 'reader-thread': 'src/store/read-pool/reader-thread.ts' } },
])
