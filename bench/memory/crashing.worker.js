// @ts-check
import { defineWorker } from 'drover/worker'

export default defineWorker({ run: (ctx) => ctx.fail('again') })
