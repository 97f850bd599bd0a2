/** What is known of an event of the log by its type. Compiled, never run. */
import type { DroverEvents } from 'drover'
import { connect } from 'drover/client'
import { same } from './same.js'

const client = connect('http://127.0.0.1')
client.on('event', (event) => {
  same<typeof event.id, number>()
  switch (event.type) {
    case 'worker:state:changed':
      same<typeof event.payload, DroverEvents['worker:state:changed']>()
      break
    case 'quota:window:spent':
      same<typeof event.payload.until, number | null>()
      // @ts-expect-error this payload is of a quota
      void event.payload.from
      break
    // @ts-expect-error no event is called so
    case 'worker:state:change':
      break
    // @ts-expect-error the store does not keep this one
    case 'lane:counts:changed':
  }
})
client.on('gap', (gap) => same<typeof gap, { from: number; to: number; count: number }>())
