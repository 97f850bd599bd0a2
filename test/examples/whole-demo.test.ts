import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { freshDir, labelsIn, laneRow, runExample } from './support.js'

const test = suite<{ dir: string }>('whole demo')

test.before.each((bench) => {
  bench.dir = freshDir()
})
test.after.each(({ dir }) => rmSync(dir, { recursive: true, force: true }))

test('on all the data the annotators are as good, and as much of one mind, as they are known to be', async ({ dir }) => {
  const { code, stdout, stderr } = await runExample('demo/main.js', ['--data', dir])
  assert.is(code, 0, stderr + stdout)
  // Each annotator by itself, without drover, over the same items.
  for (const [lane, right, labels, judgedOn] of [
    ['wink/sentiment', 72.1, 3_000, 3_000],
    ['vader/sentiment', 67.1, 3_000, 3_000],
    ['afinn/sentiment', 63.4, 3_000, 3_000],
    ['naive-bayes/spam', 91.0, 5_916, 2_715],
  ] as const) {
    const row = laneRow(stdout, lane)
    assert.is(row.labels, labels, lane)
    assert.is(row.judgedOn, judgedOn, lane)
    assert.ok(Math.abs(row.right - right) <= 0.5, `${lane}: ${row.right} %`)
    assert.is(row.restarts, 0, lane)
  }
  assert.is(labelsIn(join(dir, 'labels.jsonl')).size, 3 * 3_000 + 5_916)
  const [kappa, share, right] = [/kappa of (\d\.\d+)/, /On ([\d.]+) %/, /right on ([\d.]+) %/].map((each) => Number(each.exec(stdout)?.[1]))
  assert.ok(Math.abs((kappa as number) - 0.691) <= 0.005, `kappa ${kappa}`)
  assert.ok(Math.abs((share as number) - 59.3) <= 0.5, `unanimous on ${share} %`)
  assert.ok(Math.abs((right as number) - 92.7) <= 0.5, `right on ${right} %`)
})

test.run()
