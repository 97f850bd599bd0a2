import { filesOf, rooms } from './scripts/rooms.js'

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    { name: 'no-circles', severity: 'error', comment: 'A file reaches itself over others.', from: {}, to: { circular: true } },
    {
      name: 'no-room',
      severity: 'error',
      comment: 'A file of src/ that belongs to no room of scripts/rooms.js.',
      from: { path: '^src/', pathNot: rooms.map(({ room }) => filesOf(room)) },
      to: {},
    },
    ...rooms.map(({ room, may }) => ({
      name: `from-${room}`,
      severity: /** @type {const} */ ('error'),
      comment: `${room} may import ${may.length > 0 ? may.join(', ') : 'nothing of other rooms'}: scripts/rooms.js`,
      from: { path: filesOf(room) },
      to: { path: '^src/', pathNot: [room, ...may].map(filesOf) },
    })),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    includeOnly: '^src/',
  },
}
