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

test('with chaos every fault strikes and is named, and the labels are those of the calm run before it, which says the next time that all is done', async ({
  dir,
}) => {
  const ended = await runExample(demo, ['--quick', '--chaos', '--seed', '4', '--data', dir])
  assert.is(ended.code, 0, ended.stderr + ended.stdout)
  const calm = ended.stdout.split('Now with chaos')[0] ?? ''
  const chaos = ended.stdout.slice(calm.length)
  const labels = labelsIn(join(dir, 'labels-quick.jsonl'))
  ofWholeRun = labels
  assert.is(
    labels.size,
    lanes.reduce((sum, lane) => sum + laneRow(calm, lane).labels, 0),
  )
  assert.is(laneRow(calm, 'wink/sentiment').labels, 300)
  assert.ok(laneRow(calm, 'naive-bayes/spam').judgedOn > 100)
  assert.is(
    lanes.reduce((sum, lane) => sum + laneRow(calm, lane).restarts, 0),
    0,
  )

  assert.match(chaos, /^same labels: yes/m)
  assert.equal(labelsIn(join(dir, 'chaos-labels-quick.jsonl')), labels)
  for (const { does, seenAs } of Object.values(faults)) {
    const row = chaos.split('\n').find((line) => line.includes(does)) ?? `no row for: ${does}`
    assert.match(row, new RegExp(` ${seenAs} +│`))
  }
  assert.match(chaos, /loops for ever .* spinForEver \(chaos\.worker\.js:\d+:\d+\)/)
  assert.ok(lanes.every((lane) => laneRow(chaos, lane).restarts > 0))

  const again = await runExample(demo, ['--quick', '--data', dir])
  assert.is(again.code, 0, again.stderr + again.stdout)
  assert.match(again.stdout, `All is done: all ${labels.size.toLocaleString('en-US')} labels were there already.`)
  assert.not.match(again.stderr, /starting|running/)
  assert.equal(labelsIn(join(dir, 'labels-quick.jsonl')), labels)
})

test('killed with -9 in the middle, it continues and gets the labels of a whole run, also without the packages of the status server', async ({
  dir,
}) => {
  const killed = await runExample(demo, ['--quick', '--data', dir], { killAt: /completed/ })
  assert.is(killed.signal, 'SIGKILL', killed.stdout)
  const env = withoutPackages('hono', '@hono/node-server', 'ws')
  const resumed = await runExample(demo, ['--quick', '--data', dir], { env })
  assert.is(resumed.code, 0, resumed.stderr + resumed.stdout)
  assert.match(resumed.stdout, /^Resumed: \d+ labels were there already/)
  assert.match(resumed.stderr, /^No dashboard: it needs the packages hono, @hono\/node-server and ws\.$/m)
  assert.ok(ofWholeRun.size > 1_000, 'the test before this one had a whole run')
  assert.equal(labelsIn(join(dir, 'labels-quick.jsonl')), ofWholeRun)
})

test('interrupted, it ends in order, says so, and continues the next time; its dashboard is there from the start, and with --stay until it is interrupted', async ({
  dir,
}) => {
  const interrupted = await runExample(demo, ['--quick', '--data', dir], { killAt: /completed/, signal: 'SIGINT' })
  assert.is(interrupted.code, 130, interrupted.stderr + interrupted.stdout)
  assert.is(interrupted.stdout, 'Interrupted. The same command goes on from here.\n')

  const staying = startExample(demo, ['--quick', '--stay', '--data', dir])
  const [, url] = await staying.printed(/^Dashboard: (http:\/\/127\.0\.0\.1:\d+)$/m)
  await staying.printed(/^The run is over\. The dashboard stays until Ctrl\+C\.$/m)
  const overview = (await (await fetch(`${url}/api/v1/overview`)).json()) as { done: number; total: number }
  assert.ok(overview.done > 1_000 && overview.done === overview.total, JSON.stringify(overview))
  staying.kill('SIGINT')
  const { code, stdout, stderr } = await staying.ended
  assert.is(code, 130, stderr)
  assert.match(stdout, /^Resumed: /)
  assert.is(laneRow(stdout, 'wink/sentiment').labels, 300)
  assert.equal(labelsIn(join(dir, 'labels-quick.jsonl')), ofWholeRun)
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
