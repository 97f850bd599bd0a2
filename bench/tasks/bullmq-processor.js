// @ts-check
/** What BullMQ runs in its sandboxed threads. */

export default async function label(/** @type {import('bullmq').SandboxedJob} */ job) {
  return { n: job.data.n }
}
