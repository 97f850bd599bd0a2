import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { cleanUp, isolations, items, open, state, worker } from '../support/system.js'

test.after.each(cleanUp)

const module = new URL('../fixtures/chatty.worker.js', import.meta.url)

for (const isolation of isolations) {
  test(`the log level can be changed while a ${isolation} runs, and for those that start later`, async () => {
    const system = await open({
      workers: [worker('a/x', { module, isolation }), worker('b/x', { module, isolation, dataset: 'more' })],
      log: { level: 'error', console: false, dir: false },
    })
    const heard: string[] = []
    const stop = system.onLog(({ part, annotator, message }) => {
      if (part === 'worker' && message.startsWith('item')) heard.push(`${annotator}: ${message}`)
    })
    await system.load('data', items(1))
    await system.start('a/x')
    await system.done()
    assert.equal(heard, ['a: item-0 at error'])
    system.setLogLevel('debug')
    await system.load('more', items(1))
    await system.start('b/x')
    await system.done()
    assert.equal(heard.splice(0), ['a: item-0 at error', ...['error', 'warn', 'info', 'debug'].map((level) => `b: item-0 at ${level}`)])
    const seq = system.logs({ limit: 1 })[0]?.seq ?? 0
    assert.equal(system.logs({ limit: 9, after: seq }), [])
    stop()
  })

  test(`a ${isolation} that runs takes in another log level`, async () => {
    const system = await open({
      workers: [worker('a/x', { module, isolation })],
      log: { level: 'error', console: false, dir: false },
    })
    const heard: string[] = []
    system.onLog(({ message }) => {
      if (message.endsWith('at debug')) heard.push(message)
    })
    let release: () => void = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    async function* source() {
      await held
      yield { id: 'late' }
    }
    // While something is being loaded the worker stays.
    const loaded = system.load('data', source())
    await system.start()
    await state(system, 'a/x', 'running')
    system.setLogLevel('debug')
    release()
    await loaded
    await system.done()
    assert.equal(heard, ['late at debug'])
  })
}

test('settings are reported with their current values', async () => {
  const system = await open({
    workers: [worker('a/x', { group: 'slow' })],
    concurrency: 4,
    groups: { slow: 2 },
    log: { level: 'warn', console: false, dir: false },
  })
  assert.equal(system.settings(), { concurrency: 4, groups: { slow: 2 }, logLevel: 'warn' })
  system.setConcurrency(6)
  system.setConcurrency(1, 'slow')
  system.setLogLevel('silent')
  assert.equal(system.settings(), { concurrency: 6, groups: { slow: 1 }, logLevel: 'silent' })
})

test.run()
