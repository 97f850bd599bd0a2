import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createLogs, type Logs, type LogsOptions } from '../../src/logs/logs.js'
import type { CompiledConfig } from '../../src/options/compiled.js'
import { createRedactor } from '../../src/redact.js'

const noon = Date.parse('2025-11-01T12:00:00.000Z')

interface Bench {
  dir: string
  /** What was written on the terminal. */
  shown: string[]
  clock: { now: number }
  open: (config?: Partial<CompiledConfig['log']>, options?: LogsOptions) => Logs
}

const test = suite<Bench>('logs')

test.before.each((bench) => {
  bench.dir = mkdtempSync(join(tmpdir(), 'drover-logs-'))
  bench.shown = []
  bench.clock = { now: noon }
  bench.open = (config, options) =>
    createLogs(
      { level: 'info', console: true, dir: bench.dir, maxBytes: 10_000_000, keep: 5, ...config },
      { now: () => bench.clock.now, terminal: { write: (text) => bench.shown.push(text) }, ...options },
    )
})

test.after.each(({ dir }) => rmSync(dir, { recursive: true, force: true }))

test('each worker and each part has a file of its own, with the day in its name', async ({ dir, open }) => {
  const logs = open()
  logs.worker('1', 'urgency').info('started')
  logs.worker('2', 'urgency').warn('slow answer', { ms: 5_300 })
  logs.part('system').info('open')
  logs.part('store').error('gone')
  await logs.close()
  assert.equal(readdirSync(dir).sort(), [
    'store_20251101.log',
    'system_20251101.log',
    'worker.1.urgency_20251101.log',
    'worker.2.urgency_20251101.log',
  ])
  assert.is(readFileSync(join(dir, 'worker.2.urgency_20251101.log'), 'utf8'), '2025-11-01T12:00:00.000Z WARN  slow answer {"ms":5300}\n')
})

test('a plain terminal gets one line each, with the speaker', async ({ shown, open }) => {
  const logs = open()
  logs.worker('1', 'urgency').info('started')
  logs.part('store').error('gone')
  await logs.close()
  assert.equal(shown, [
    '2025-11-01T12:00:00.000Z INFO  1/urgency: started\n', //
    '2025-11-01T12:00:00.000Z ERROR store: gone\n',
  ])
})

test('the same line many times over is written as often, on the terminal too', async ({ shown, open }) => {
  const logs = open({ dir: false })
  for (let n = 0; n < 20; n++) logs.part('system').info('again')
  await logs.close()
  assert.is(shown.length, 20)
})

test('what many workers say in the same words is on the terminal once, then counted; files and the ring have every line', async ({
  dir,
  shown,
  open,
}) => {
  let look = (): void => {}
  const logs = open(undefined, {
    every: (ms, tick) => {
      if (ms === 1_000) look = tick
      return () => {}
    },
  })
  for (let n = 0; n < 20; n++) logs.worker(String(n), 'urgency').error('cannot be loaded\nat line 5', { at: 5 })
  logs.worker('0', 'urgency').error('cannot be loaded\nat line 5', { at: 5 })
  logs.worker('1', 'urgency').error('cannot be loaded\nat line 6', { at: 5 })
  logs.worker('1', 'urgency').info('cannot be loaded\nat line 5', { at: 5 })
  const first = '2025-11-01T12:00:00.000Z ERROR 0/urgency: cannot be loaded\n    at line 5 {"at":5}\n'
  const own = [
    first,
    '2025-11-01T12:00:00.000Z ERROR 1/urgency: cannot be loaded\n    at line 6 {"at":5}\n',
    '2025-11-01T12:00:00.000Z INFO  1/urgency: cannot be loaded\n    at line 5 {"at":5}\n',
  ]
  assert.equal(shown, [first, ...own])
  look()
  assert.is(shown.length, 4, 'others may still come')
  look()
  const names = [1, 2, 3, 4, 5].map((n) => `${n}/urgency`).join(', ')
  const counted = `2025-11-01T12:00:00.000Z ERROR 0/urgency: 19 other workers said the same (${names} and 14 more): cannot be loaded\n`
  assert.equal(shown.slice(4), [counted])
  logs.worker('7', 'urgency').error('cannot be loaded\nat line 5', { at: 5 })
  logs.worker('8', 'urgency').error('cannot be loaded\nat line 5', { at: 5 })
  assert.is(shown.length, 6, 'after a quiet moment it is told anew')
  await logs.close()
  assert.match(shown[6] ?? '', '7/urgency: 1 other worker said the same (8/urgency): cannot be loaded')
  assert.is(shown.length, 7)
  assert.is(logs.recent({ level: 'error', limit: 100 }).length, 24)
  assert.ok(Array.from({ length: 20 }, (_, n) => `worker.${n}.urgency_20251101.log`).every((name) => readdirSync(dir).includes(name)))
})

test('a TTY gets pretty lines', async ({ open }) => {
  const shown: string[] = []
  const logs = open({ dir: false }, { now: () => noon, terminal: { isTTY: true, columns: 120, write: (text) => shown.push(text) } })
  logs.worker('1', 'urgency').warn('slow', { ms: 1 })
  await logs.close()
  assert.match(shown.join(''), /WARN.* slow \{"ms":1\} .*1\/urgency/)
})

for (const [level, expected] of [
  ['silent', []],
  ['error', ['error']],
  ['warn', ['error', 'warn']],
  ['info', ['error', 'warn', 'info']],
  ['debug', ['error', 'warn', 'info', 'debug']],
] as const) {
  test(`level ${level} lets through ${expected.join(', ') || 'nothing'}`, async ({ dir, shown, open }) => {
    const logs = open({ level })
    const log = logs.part('system')
    for (const each of ['error', 'warn', 'info', 'debug'] as const) log[each](each)
    await logs.close()
    assert.equal(
      logs.recent({ limit: 10 }).map((record) => record.level),
      [...expected],
    )
    assert.is(shown.length, expected.length)
    assert.is(readdirSync(dir).length, expected.length > 0 ? 1 : 0)
  })
}

test('the console can be switched off, and so can the files', async ({ dir, shown, open }) => {
  const logs = open({ console: false, dir: false })
  logs.part('system').error('only remembered')
  await logs.close()
  assert.equal(shown, [])
  assert.equal(readdirSync(dir), [])
  assert.is(logs.recent({ limit: 1 })[0]?.message, 'only remembered')
})

test('a secret reaches neither terminal, file nor memory, in message or fields', async ({ dir, shown, open }) => {
  const logs = open({}, { now: () => noon, redact: createRedactor(['sk-12345']), terminal: { write: (text) => shown.push(text) } })
  logs.part('system').error('refused: sk-12345', { deep: { header: 'Bearer sk-12345' }, 'sk-12345': 1, error: new Error('sk-12345') })
  await logs.close()
  const everything = shown.join('') + readFileSync(join(dir, 'system_20251101.log'), 'utf8') + JSON.stringify(logs.recent({ limit: 9 }))
  assert.not.match(everything, 'sk-12345')
  assert.equal((logs.recent({ limit: 1 })[0]?.fields?.deep as object) ?? null, { header: 'Bearer [redacted]' })
})

test('a message of several lines cannot pass for a record, nor drive the terminal', async ({ dir, open }) => {
  const logs = open()
  logs.worker('1', 'urgency').info('one\n2025-11-01T12:00:00.000Z ERROR forged\r\u001b[2J\u009b2J')
  await logs.close()
  const lines = readFileSync(join(dir, 'worker.1.urgency_20251101.log'), 'utf8').split('\n')
  assert.is(lines.filter((line) => line.startsWith('2025')).length, 1)
  assert.is(lines[1], '    2025-11-01T12:00:00.000Z ERROR forged\\u000d\\u001b[2J\\u009b2J')
})

test('fields that cannot be written break nothing', async ({ open }) => {
  const logs = open()
  const log = logs.part('system')
  const cyclic: Record<string, unknown> = { n: 1n, f: () => 1, e: new RangeError('inner') }
  cyclic.self = cyclic
  log.info('cyclic', cyclic)
  log.info('hostile', {
    n: 1,
    get boom(): string {
      throw new Error('no')
    },
  })
  log.info('long', { text: 'x'.repeat(100_000) })
  log.info('y'.repeat(100_000))
  await logs.close()
  const [first, second, third, fourth] = logs.recent({ limit: 4 })
  assert.is(first?.fields?.self, '[seen above]')
  assert.is((first?.fields?.e as { message: string } | undefined)?.message, 'inner')
  assert.equal(second?.fields, { n: 1, boom: '[unreadable]' }, 'the others stay')
  assert.ok(JSON.stringify(third).length < 10_000)
  assert.ok((fourth?.message.length ?? 0) < 10_000)
})

test('an error in place of a message is logged with its message, and with all of it as a field', async ({ open }) => {
  const logs = open()
  const log = logs.part('system')
  const error: unknown = new RangeError('out of range')
  log.error(error as string, { task: 'a' })
  log.error(error as string)
  log.error(error as string, { error: 'own' })
  await logs.close()
  const [first, second, third] = logs.recent({ limit: 3 })
  assert.equal([first?.message, first?.fields?.task], ['out of range', 'a'])
  for (const record of [first, second]) assert.is((record?.fields?.error as { name: string } | undefined)?.name, 'RangeError')
  assert.is(third?.fields?.error, 'own')
})

test('odd names make files that stay inside the folder and apart from each other', async ({ dir, open }) => {
  const logs = open()
  const names = [
    ['../../etc', 'passwd'],
    ['a/b', 'c'],
    ['a', 'b/c'],
    ['a.b', 'c'],
    ['a', 'b.c'],
    ['A', 'b.C'],
    ['é', 'ü'],
    ['é', 'ö'],
    ['', ''],
    ['x'.repeat(400), 'y'.repeat(400)],
    ['nul\0', 'con'],
  ] as const
  for (const [annotator, domain] of names) logs.worker(annotator, domain).info(`${annotator}|${domain}`)
  await logs.close()
  const files = readdirSync(dir)
  assert.is(files.length, names.length, files.join('\n'))
  assert.is(new Set(files.map((file) => file.toLowerCase())).size, names.length)
  for (const file of files) assert.is(readFileSync(join(dir, file), 'utf8').split('\n').length, 2)
})

test('the file of a new day begins at midnight, and the old one is complete', async ({ dir, clock, open }) => {
  const logs = open()
  const log = logs.part('system')
  clock.now = Date.parse('2025-11-01T23:59:59.999Z')
  for (let n = 0; n < 100; n++) log.info(`old ${n}`)
  clock.now += 1
  for (let n = 0; n < 100; n++) log.info(`new ${n}`)
  await logs.close()
  const read = (day: string) =>
    readFileSync(join(dir, `system_${day}.log`), 'utf8')
      .trimEnd()
      .split('\n')
  assert.is(read('20251101').length, 100)
  assert.is(read('20251102').length, 100)
  assert.match(read('20251102').at(-1) ?? '', 'new 99')
})

test('a file is rotated at its size, and no more than keep are kept beside it', async ({ dir, open }) => {
  const logs = open({ maxBytes: 1_000, keep: 2, console: false })
  const log = logs.part('system')
  for (let n = 0; n < 100; n++) log.info(`line ${n} ${'x'.repeat(100)}`)
  await logs.close()
  assert.equal(readdirSync(dir).sort(), ['system_20251101.log', 'system_20251101.log.1', 'system_20251101.log.2'])
  const kept = ['.log.2', '.log.1', '.log'].map((end) => readFileSync(join(dir, `system_20251101${end}`), 'utf8')).join('')
  const numbers = [...kept.matchAll(/line (\d+)/g)].map((match) => Number(match[1]))
  assert.is(numbers.at(-1), 99)
  assert.equal(
    numbers,
    numbers.map((_, index) => 100 - numbers.length + index),
  )
})

test('the files of earlier days count among those kept, and those of others are left alone', async ({ dir, open }) => {
  for (const day of ['20251027', '20251028', '20251029', '20251030', '20251031']) writeFileSync(join(dir, `system_${day}.log`), 'old\n')
  writeFileSync(join(dir, 'system_20251030.log.1'), 'old\n')
  writeFileSync(join(dir, 'system_other_20200101.log'), 'not ours\n')
  writeFileSync(join(dir, 'system_20200101.log.gz'), 'not ours\n')
  const logs = open({ keep: 3 })
  logs.part('system').info('today')
  await logs.close()
  await open({ keep: 3 }).close()
  assert.equal(readdirSync(dir).sort(), [
    'system_20200101.log.gz',
    'system_20251030.log',
    'system_20251030.log.1',
    'system_20251031.log',
    'system_20251101.log',
    'system_other_20200101.log',
  ])
})

test('a restart of the program adds to the file of the day', async ({ dir, open }) => {
  for (const run of ['first', 'second']) {
    const logs = open()
    logs.part('system').info(run)
    await logs.close()
  }
  assert.is(readFileSync(join(dir, 'system_20251101.log'), 'utf8').split('\n').length, 3)
})

test('a folder that cannot be written is reported once, and logging continues without files', async ({ dir, shown, clock, open }) => {
  const blocked = join(dir, 'a-file')
  writeFileSync(blocked, '')
  const logs = open({ dir: join(blocked, 'logs') })
  for (let n = 0; n < 5; n++) logs.worker(String(n), 'urgency').info('first')
  await logs.close()
  clock.now += 1
  logs.part('system').info('later')
  const warnings = shown.filter((line) => line.includes('log files cannot be written'))
  assert.is(warnings.length, 1, shown.join(''))
  assert.is(shown.length, 7)
})

test('records rise in number, and those after one can be asked for', async ({ open }) => {
  const logs = open({ dir: false, console: false })
  for (let n = 0; n < 2_500; n++) logs.part('system').info(`line ${n}`)
  const last = logs.recent({ limit: 1 })[0]?.seq ?? 0
  assert.is(last, 2_500)
  assert.equal(logs.recent({ limit: 9, after: last }), [])
  logs.part('store').info('one')
  logs.part('system').info('two')
  const messages = (after: number, limit = 9) => logs.recent({ limit, after }).map(({ message }) => message)
  assert.equal(messages(last), ['one', 'two'])
  assert.equal(messages(last, 1), ['two'])
  assert.is(logs.recent({ limit: 5_000, after: 0 }).length, 2_000)
  await logs.close()
})

test('a follower gets each record until it ends; one that throws is logged once, and has no effect on others', async ({ open }) => {
  const logs = open({ dir: false, console: false })
  const seen: string[] = []
  const throwing = logs.follow(() => {
    throw new Error('cannot follow')
  })
  const rejecting = logs.follow((async () => {
    throw new Error('cannot follow either')
  }) as () => void)
  const stop = logs.follow(({ message, fields }) => seen.push(`${message} ${JSON.stringify(fields)}`))
  logs.worker('1', 'urgency').info('first', { n: 1 })
  logs.part('system').info('second')
  await new Promise(setImmediate)
  stop()
  logs.part('system').info('third')
  throwing()
  rejecting()
  await new Promise(setImmediate)
  assert.equal(
    seen.filter((line) => !line.startsWith('a listener')),
    ['first {"n":1}', 'second null'],
  )
  assert.is(seen.filter((line) => line.startsWith('a listener of the log threw')).length, 2)
  await logs.close()
})

test('the level can be changed while it goes on', async ({ shown, open }) => {
  const logs = open({ level: 'silent', dir: false })
  const log = logs.part('system')
  log.error('unheard')
  logs.level = 'debug'
  log.debug('heard')
  logs.level = 'error'
  log.warn('unheard')
  assert.is(logs.level, 'error')
  assert.is(shown.length, 1)
  assert.match(shown[0] ?? '', 'heard')
  await logs.close()
})

test('a terminal that throws breaks nothing', async ({ open }) => {
  const logs = open(
    { dir: false },
    {
      terminal: {
        write: () => {
          throw new Error('EPIPE')
        },
      },
    },
  )
  logs.part('system').info('still remembered')
  await logs.close()
  assert.is(logs.recent({ limit: 1 }).length, 1)
})

test('recent answers the latest that match, oldest first, and forgets beyond its bound', async ({ open }) => {
  const logs = open({ level: 'debug', dir: false, console: false })
  for (let n = 0; n < 3_000; n++) logs.worker(String(n % 2), 'urgency').debug(`line ${n}`)
  logs.worker('1', 'intensity').error('bad')
  logs.part('system').warn('system')
  const texts = (query: Parameters<Logs['recent']>[0]) => logs.recent(query).map((record) => record.message)
  assert.equal(texts({ limit: 3 }), ['line 2999', 'bad', 'system'])
  assert.equal(texts({ limit: 10, level: 'warn' }), ['bad', 'system'])
  assert.equal(texts({ limit: 10, level: 'error' }), ['bad'])
  assert.equal(texts({ limit: 2, annotator: '0' }), ['line 2996', 'line 2998'])
  assert.equal(texts({ limit: 10, annotator: '1', domain: 'intensity' }), ['bad'])
  assert.equal(texts({ limit: 10, part: 'system' }), ['system'])
  assert.is(texts({ limit: 10_000 }).length, 2_000)
})

test('close is memoised, and a line after it does no harm', async ({ dir, shown, open }) => {
  const logs = open()
  logs.part('system').info('before')
  assert.is(logs.close(), logs.close())
  await logs.close()
  logs.part('system').info('after')
  assert.is(shown.length, 2)
  assert.is(readFileSync(join(dir, 'system_20251101.log'), 'utf8').split('\n').length, 2)
})

test.run()
