import { Duplex } from 'node:stream'
import { isDeepStrictEqual } from 'node:util'
import { deserialize, serialize } from 'node:v8'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { FrameChannel } from '../../src/ports/frame-channel.js'
import { checkReport } from '../../src/threads/protocol/check-report.js'

/** What a channel writes. */
function written(send: (channel: FrameChannel) => void): Buffer {
  const chunks: Buffer[] = []
  const write = (chunk: Buffer, _: unknown, done: () => void): void => {
    chunks.push(chunk)
    done()
  }
  send(new FrameChannel(new Duplex({ read() {}, write }), () => {}))
  return Buffer.concat(chunks)
}

/** A channel that is fed by hand. */
function receiver() {
  const stream = new Duplex({ read() {} })
  const [got, faults] = [[] as unknown[], [] as string[]]
  const channel = new FrameChannel(stream, (why) => faults.push(why))
  channel.port('a').on('message', (message: unknown) => got.push(message))
  return { got, faults, channel, feed: (bytes: Buffer) => stream.emit('data', bytes) }
}

test('messages come out as they went in, however the bytes are cut', () => {
  fc.assert(
    fc.property(fc.array(fc.anything({ withDate: true, withMap: true, withTypedArray: true })), fc.array(fc.nat(40)), (messages, cuts) => {
      const bytes = written((channel) => {
        const port = channel.port('a')
        for (const message of messages) port.postMessage(message)
      })
      const { got, faults, feed } = receiver()
      let at = 0
      for (const length of cuts) {
        feed(bytes.subarray(at, at + length))
        at += length
      }
      feed(bytes.subarray(at))
      assert.equal(faults, [])
      assert.ok(isDeepStrictEqual(got, deserialize(serialize(messages))))
    }),
    { numRuns: 200 },
  )
})

test('bytes of any kind are at most a fault, told once, and nothing is read after it', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (garbage, framed) => {
      const { got, faults, feed } = receiver()
      const good = written((channel) => channel.port('a').postMessage('good'))
      const head = Buffer.from(good.subarray(0, 8))
      head.writeUInt32BE(garbage.length, 4)
      feed(framed ? Buffer.concat([head, garbage]) : Buffer.from(garbage))
      feed(good)
      feed(good)
      assert.ok(faults.length <= 1 && got.length <= 2)
      if (faults.length === 1) assert.is(got.length, 0)
    }),
    { numRuns: 500 },
  )
})

test('messages before the first listener are kept, and messages for a closed port are not', () => {
  const { channel, feed, faults } = receiver()
  const send = (name: string): void => void feed(written((sender) => sender.port(name).postMessage(name)))
  const early = channel.port('early')
  send('early')
  send('unknown')
  const got: unknown[] = []
  early.on('message', (message) => got.push(message))
  early.close()
  send('early')
  assert.equal([got, faults], [['early'], []])
})

test('a listener that throws is a fault of what came', () => {
  const { channel, feed, faults } = receiver()
  channel.port('b').on('message', () => {
    throw new Error('that is none')
  })
  feed(written((sender) => sender.port('b').postMessage(1)))
  assert.equal(faults, ['that is none'])
})

test('a report that is not of its form is refused in words, whatever it is', () => {
  for (const [value, text] of [
    [null, /unknown type/],
    [undefined, /unknown type/],
    [{ type: 'toString' }, /unknown type/],
    [{ type: 'log' }, /a report "log" .*level/],
    [{ type: 'failed' }, /a report "failed" .*kind/],
    [{ type: 'failed', kind: 'exit', error: { name: 'E', message: 'm', cause: null } }, /cause/],
    [{ type: 'spent', inMs: '1' }, /a report "spent" .*inMs/],
  ] as const) {
    assert.throws(() => checkReport(value), text)
  }
  const report = { type: 'failed', kind: 'exit', error: { name: 'E', message: 'm', cause: { name: 'E', message: 'n', code: 'C' } } }
  assert.equal(checkReport(report), report)
  fc.assert(
    fc.property(fc.anything(), (value) => {
      assert.throws(() => checkReport(value))
    }),
  )
})

test.run()
