import { test } from 'uvu'
import { testFaults } from '../../support/faults.js'
import { cleanUp } from '../../support/system.js'

test.after.each(cleanUp)

testFaults('process')

test.run()
