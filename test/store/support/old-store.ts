/** A store as an earlier version of drover has made it. */
import Database from 'better-sqlite3'
import { applicationId, migrations } from '../../../src/store/sqlite/schema.js'

/** Makes an empty store of an earlier version. The caller fills and closes it. */
export function oldStore(file: string, version: number): Database.Database {
  const db = new Database(file)
  for (const migration of migrations.slice(0, version)) db.exec(migration)
  db.pragma(`application_id = ${applicationId}`)
  db.pragma(`user_version = ${version}`)
  return db
}
