import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { faults, planChaos } from '../../examples/demo/chaos.js'
import { endExamples, freshDir, labelsIn, laneRow, runExample, startExample, withoutPackages } from './support.js'

const test = suite<{ dir: string }>('demo')
const lanes = ['wink/sentiment', 'vader/sentiment', 'afinn/sentiment', 'naive-bayes/spam']
const demo = 'demo/main.js'

/** The labels of a whole run: a seed decides all of them, and each run of the demo takes both cores for seconds. */
let ofWholeRun = new Map<string, string>()

test.before.each((bench) => {
  bench.dir = freshDir()
})
test.after.each(({ dir }) => {
  endExamples()
  rmSync(dir, { recursive: true, force: true })
})

test('it labels every item once in every lane; run again, it says that all is done and changes nothing', async ({ dir }) => {
  const first = await runExample(demo, ['--quick', '--data', dir])
  assert.is(first.code, 0, first.stderr + first.stdout)
  const labels = labelsIn(join(dir, 'labels-quick.jsonl'))
  ofWholeRun = labels
  assert.is(
    labels.size,
    lanes.reduce((sum, lane) => sum + laneRow(first.stdout, lane).labels, 0),
  )
  assert.is(laneRow(first.stdout, 'wink/sentiment').labels, 300)
  assert.ok(laneRow(first.stdout, 'naive-bayes/spam').judgedOn > 100)

  const second = await runExample(demo, ['--quick', '--data', dir])
  assert.is(second.code, 0, second.stderr + second.stdout)
  assert.match(second.stdout, `All is done: all ${labels.size.toLocaleString('en-US')} labels were there already.`)
  assert.not.match(second.stderr, /starting|running/)
  assert.equal(labelsIn(join(dir, 'labels-quick.jsonl')), labels)
})

test('killed with -9 in the middle, it continues and gets the labels of a whole run', async ({ dir }) => {
  const killed = await runExample(demo, ['--quick', '--data', dir], { killAt: /completed/ })
  assert.is(killed.signal, 'SIGKILL', killed.stdout)
  const resumed = await runExample(demo, ['--quick', '--data', dir])
  assert.is(resumed.code, 0, resumed.stderr + resumed.stdout)
  assert.match(resumed.stdout, /^Resumed: \d+ labels were there already/)
  assert.ok(ofWholeRun.size > 1_000, 'the test before this one had a whole run')
  assert.equal(labelsIn(join(dir, 'labels-quick.jsonl')), ofWholeRun)
})

test('interrupted, it ends in order, says so, and continues the next time', async ({ dir }) => {
  const interrupted = await runExample(demo, ['--quick', '--data', dir], { killAt: /completed/, signal: 'SIGINT' })
  assert.is(interrupted.code, 130, interrupted.stderr + interrupted.stdout)
  assert.is(interrupted.stdout, 'Interrupted. The same command goes on from here.\n')
  const resumed = await runExample(demo, ['--quick', '--data', dir])
  assert.is(resumed.code, 0, resumed.stderr + resumed.stdout)
  assert.match(resumed.stdout, /^Resumed: /)
})

test('with chaos every fault strikes and is named, and the labels are those of the calm run', async ({ dir }) => {
  const ended = await runExample(demo, ['--quick', '--chaos', '--seed', '4', '--data', dir])
  assert.is(ended.code, 0, ended.stderr + ended.stdout)
  assert.match(ended.stdout, /^same labels: yes/m)
  assert.equal(labelsIn(join(dir, 'chaos-labels-quick.jsonl')), labelsIn(join(dir, 'labels-quick.jsonl')))
  for (const { does, seenAs } of Object.values(faults)) {
    const row = ended.stdout.split('\n').find((line) => line.includes(does)) ?? `no row for: ${does}`
    assert.match(row, new RegExp(` ${seenAs} +│`))
  }
  assert.match(ended.stdout, /loops for ever .* spinForEver \(chaos\.worker\.js:\d+:\d+\)/)
  const calm = ended.stdout.split('Now with chaos')[0] ?? ''
  const chaos = ended.stdout.slice(calm.length)
  assert.is(
    lanes.reduce((sum, lane) => sum + laneRow(calm, lane).restarts, 0),
    0,
  )
  assert.ok(lanes.every((lane) => laneRow(chaos, lane).restarts > 0))
})

test('its dashboard is there from the start, and with --stay until it is interrupted after the run', async ({ dir }) => {
  const demo = startExample('demo/main.js', ['--quick', '--stay', '--data', dir])
  const [, url] = await demo.printed(/^Dashboard: (http:\/\/127\.0\.0\.1:\d+)$/m)
  await demo.printed(/^The run is over\. The dashboard stays until Ctrl\+C\.$/m)
  const overview = (await (await fetch(`${url}/api/v1/overview`)).json()) as { done: number; total: number }
  assert.ok(overview.done > 1_000 && overview.done === overview.total, JSON.stringify(overview))
  demo.kill('SIGINT')
  const { code, stdout, stderr } = await demo.ended
  assert.is(code, 130, stderr)
  assert.is(laneRow(stdout, 'wink/sentiment').labels, 300)
})

test('without the packages of the status server it runs, and says what they are', async ({ dir }) => {
  const { code, stderr } = await runExample(demo, ['--quick', '--data', dir], { env: withoutPackages('hono', '@hono/node-server', 'ws') })
  assert.is(code, 0, stderr)
  assert.match(stderr, /^No dashboard: it needs the packages hono, @hono\/node-server and ws\.$/m)
  assert.is(labelsIn(join(dir, 'labels-quick.jsonl')).size, 1_203)
})

test('a mistake on the command line is reported with the usage', async () => {
  for (const args of [['--choas'], ['--seed', 'x'], ['--port', '65536']]) {
    const ended = await runExample(demo, args)
    assert.is(ended.code, 2)
    assert.match(ended.stderr, /--chaos +kill/)
  }
})

test('the same seed plans the same chaos: every fault once, no two over one item', () => {
  const keys = Array.from({ length: 10 }, (_, n) => `item-${n}`)
  const workers = ['a/x', 'b/x', 'c/x'].map((worker) => ({ worker, keys }))
  for (let seed = 0; seed < 50; seed++) {
    const { strikes } = planChaos(workers, seed)
    assert.equal(planChaos(workers, seed).strikes, strikes)
    assert.equal(strikes.map(({ fault }) => fault).sort(), Object.keys(faults).sort())
    assert.is(new Set(strikes.map(({ worker, item }) => `${worker} ${item}`)).size, strikes.length)
  }
  assert.not.equal(planChaos(workers, 1).strikes, planChaos(workers, 2).strikes)
})

test.run()
