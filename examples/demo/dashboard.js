// @ts-check
/** The dashboard of a run, where the optional packages that it needs are installed. The demo runs without them, too. */

/**
 * Serves it, and says where.
 *
 * @param {import('drover').Drover} drover
 * @param {number} port 0: any free one
 */
export async function openDashboard(drover, port) {
  const http = await import('drover/http').catch((error) => {
    if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error
    console.error('No dashboard: it needs the packages hono, @hono/node-server and ws.')
    return null
  })
  if (!http) return null
  const server = await http.serveStatus(drover, { port })
  console.error(`Dashboard: ${server.url}`)
  return server
}

/** Until somebody ends the process: by then the system closes. */
export async function stayOpen(/** @type {import('drover').Drover} */ drover) {
  if (drover.status().state !== 'open') return
  console.error('The run is over. The dashboard stays until Ctrl+C.')
  await new Promise((resolve) => drover.once('system:state:changed', resolve))
}
