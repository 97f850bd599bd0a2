/** Builds of better-sqlite3 that would end the process are refused with the way out. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { installedAddon, refusalOf } from '../../../src/store/sqlite/addon.js'
import { cleanUp, temporaryFolder } from '../../support/system.js'

test.after.each(cleanUp)

const compiled = (version: string, takesHooksOff: boolean) => ({ version, takesHooksOff })

test('version 12 is refused where it was compiled with headers that make it abort, whatever runs it, and told what to install', () => {
  for (const node of ['24.19.0', '24.21.0', '26.10.0']) {
    const why = refusalOf(compiled('12.11.1', true), node) ?? ''
    assert.match(why, `better-sqlite3 12.11.1 on Node.js ${node} would abort the process`)
    assert.match(why, 'npm install better-sqlite3@13')
  }
  assert.match(refusalOf(compiled('12.11.1', true), '20.30.0') ?? '', 'use Node.js 22 or newer, and install version 13')
  assert.is(refusalOf(compiled('12.11.1', false), '24.21.0'), null)
  assert.is(refusalOf(compiled('12.11.1', false), '20.19.0'), null)
})

test('version 13 is refused below Node.js 22, where it crashes', () => {
  assert.match(refusalOf(compiled('13.0.0', false), '20.20.2') ?? '', 'npm install better-sqlite3@12')
  assert.is(refusalOf(compiled('13.0.0', false), '22.0.0'), null)
})

test('what is installed here can be used here', () => {
  const addon = installedAddon()
  assert.ok(addon, 'better-sqlite3 was not found')
  assert.is(refusalOf(addon, process.versions.node), null)
})

test('the addon itself shows whether it was compiled in that way', () => {
  const folder = temporaryFolder()
  const addon = join(folder, 'node_modules/better-sqlite3')
  mkdirSync(join(addon, 'build/Release'), { recursive: true })
  writeFileSync(join(addon, 'package.json'), '{ "version": "12.11.1" }')
  const importing = (symbol: string): unknown => {
    writeFileSync(join(addon, 'build/Release/better_sqlite3.node'), `\u007fELF\0${symbol}\0`)
    return installedAddon(pathToFileURL(join(folder, 'host.mjs')).href)
  }
  // As the names stand in addons that were compiled with the headers of Node.js 24.21 and 20.20.
  assert.equal(importing('_ZN4node28RemoveEnvironmentCleanupHookEPN2v87IsolateEPFvPvES3_'), compiled('12.11.1', true))
  assert.equal(importing('_ZN4node25AddEnvironmentCleanupHookEPN2v87IsolateEPFvPvES3_'), compiled('12.11.1', false))
})

test.run()
