import { defineConfig } from 'tsup'

export default defineConfig({
  // Every thread's entry is an entry of its own, and the output is flat: `new URL('./thread-entry.js', import.meta.url)` then
  // means the same from any chunk.
  entry: {
    index: 'src/index.ts',
    worker: 'src/worker.ts',
    testing: 'src/testing.ts',
    http: 'src/http.ts',
    client: 'src/client.ts',
    'thread-entry': 'src/threads/isolation/thread-entry.ts',
    'process-entry': 'src/threads/isolation/process-entry.ts',
    'process-observer': 'src/threads/isolation/process-observer.ts',
    'store-thread': 'src/store/thread/store-thread.ts',
    'reader-thread': 'src/store/read-pool/reader-thread.ts',
  },
  format: 'esm',
  target: 'node20',
  platform: 'node',
  splitting: true,
  clean: true,
  // Stack traces stay readable without source maps: nothing is minified.
  minify: false,
  sourcemap: false,
  removeNodeProtocol: false,
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
})
