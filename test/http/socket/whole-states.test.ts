import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { LivePatch, Topic } from '../../../src/http/contract/socket.js'
import type { Connection } from '../../../src/http/socket/connection.js'
import { partsOf } from '../../../src/http/socket/frames.js'
import type { KeptPatch } from '../../../src/http/socket/ring.js'
import type { Source } from '../../../src/http/socket/source.js'
import { WholeStates } from '../../../src/http/socket/whole-states.js'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** A source whose workers come in so many pieces of so many characters, and what was taken of them. */
function sourceOf(pieces: number, characters: number) {
  const taken: number[] = []
  const workers = {
    *[Symbol.iterator]() {
      for (let n = 0; n < pieces; n++) {
        taken.push(n)
        yield `${n === 0 ? '{' : ','}"w${n}":"${'x'.repeat(characters)}"${n === pieces - 1 ? '}' : ''}`
      }
    },
  }
  const source = { texts: () => new Map<Topic, Iterable<string>>([['workers', workers]]), treeText: () => '[]' }
  return { taken, wholes: new WholeStates(source as unknown as Source) }
}

function connectionOf(topics: Topic[] = ['workers']) {
  const got: { type: string; seq: number }[] = []
  const sender = { send: (frame: Buffer) => got.push(JSON.parse(frame.toString())) }
  return { got, connection: { topics: new Set(topics), treePatches: true, sender } as unknown as Connection }
}

const patchOf = (seq: number, data: LivePatch = { workers: {} }): KeptPatch => ({ seq, at: 0, parts: partsOf(data) })
const seen = (got: { type: string; seq: number }[]): string[] => got.map(({ type, seq }) => `${type} ${seq}`)

test('a large state is made in turns of the event loop, once for all who wait, and the patches that came meanwhile follow it', async () => {
  const { taken, wholes } = sourceOf(8, 400_000)
  const [first, second, other] = [connectionOf(), connectionOf(), connectionOf(['overview'])]
  let told = 0
  wholes.send(first.connection, 7, () => told++)
  assert.equal([taken.length, first.got.length, wholes.isAwaitedBy(first.connection)], [1, 0, true])
  wholes.changed(patchOf(8))
  wholes.send(second.connection, 8, () => told++)
  wholes.send(other.connection, 8, () => told++)
  // Its frame is small: it is made at once, and has what it missed.
  assert.equal(seen(other.got), ['state 7', 'patch 8'])
  for (let turns = 0; first.got.length === 0; turns++) {
    assert.ok(turns < 20 && taken.length <= turns + 1, `${taken.length} pieces in ${turns} turns`)
    if (turns === 2) wholes.changed(patchOf(9))
    await turn()
  }
  assert.equal(seen(first.got), ['state 7', 'patch 8', 'patch 9'])
  assert.equal(second.got, first.got)
  assert.equal([taken.length, told, wholes.isAwaitedBy(first.connection)], [8, 3, false])
  // Kept while it is the latest, and made anew after that.
  const late = connectionOf()
  wholes.send(late.connection, 9, () => {})
  assert.equal(seen(late.got), ['state 7', 'patch 8', 'patch 9'])
  wholes.changed(patchOf(10))
  wholes.send(late.connection, 10, () => {})
  for (let turns = 0; late.got.length === 3; turns++) {
    assert.ok(turns < 20)
    await turn()
  }
  assert.equal(seen(late.got).slice(3), ['state 10'])
})

test('who asks again, for other topics, is sent the state that was asked for last; who leaves is sent none', async () => {
  const { wholes } = sourceOf(4, 400_000)
  const [again, gone] = [connectionOf(), connectionOf()]
  wholes.send(again.connection, 1, () => {})
  wholes.send(gone.connection, 1, () => {})
  wholes.leave(gone.connection)
  Object.assign(again.connection, { topics: new Set(['overview']) })
  wholes.send(again.connection, 1, () => {})
  for (let turns = 0; turns < 10; turns++) await turn()
  assert.equal([seen(again.got), seen(gone.got)], [['state 1'], []])
})

test('a small state is sent at once', () => {
  const { wholes } = sourceOf(1, 100)
  const { connection, got } = connectionOf()
  wholes.send(connection, 1, () => {})
  assert.equal(seen(got), ['state 1'])
})

test.run()
