/**
 * Opens the store's file, or throws the exact reason. Nothing is written to a file unless it is drover's or empty.
 */
import { accessSync, closeSync, constants, existsSync, mkdirSync, openSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import Database from 'better-sqlite3'
import { DroverError } from '../../errors.js'
import { checkAddon } from './addon.js'
import { nameErrors } from './dead-errors.js'
import { fillLabelPages } from './label-pages.js'
import { applicationId, migrations } from './schema.js'
import { sleepSync } from './sleep-sync.js'
import { checkRead, codeOf, isBusy } from './sqlite-errors.js'
import { inTransaction } from './transaction.js'
import { busyTimeoutMs } from './wal-bound.js'

export type Durability = 'power' | 'process'

/**
 * Opens the file for writing, creates it if missing, and migrates it to the current version.
 *
 * @throws STORE_FOLDER_MISSING, STORE_READ_ONLY, STORE_NOT_A_DATABASE, STORE_TOO_NEW, STORE_FAILED
 */
export function openDatabase(file: string, durability: Durability): Database.Database {
  checkAddon()
  if (file !== ':memory:') checkPath(file)
  return explained(file, () => {
    // A transaction waits for the lock in its own short naps (see inTransaction): SQLite's naps grow to 100 ms, which starve
    // beside a busy process.
    if (file !== ':memory:') makeFile(file)
    const db = new Database(file, { timeout: busyTimeoutMs })
    try {
      checkOwner(db, file)
      patiently(() => db.pragma('journal_mode = WAL'))
      db.pragma(`synchronous = ${durability === 'power' ? 'FULL' : 'NORMAL'}`)
      db.pragma('cache_size = -32768')
      db.pragma('wal_autocheckpoint = 4096')
      db.pragma('journal_size_limit = 67108864')
      // So that the identity is in the file itself, not only in its log.
      if (inTransaction(db, () => migrate(db, file))) db.pragma('wal_checkpoint(PASSIVE)')
      checkSmallTables(db, file)
      return db
    } catch (error) {
      db.close()
      throw error
    }
  })
}

/**
 * Only the owner can access a new store; SQLite gives its other files the same permissions. An existing store keeps its
 * permissions.
 */
function makeFile(file: string): void {
  if (!existsSync(file)) closeSync(openSync(file, 'a', 0o600))
}

/** Opens an existing store for reading; it sees everything that was committed before each statement. */
export function openReader(file: string): Database.Database {
  checkAddon()
  return explained(file, () => new Database(file, { readonly: true, fileMustExist: true }))
}

function checkPath(file: string): void {
  const folder = dirname(resolve(file))
  if (!existsSync(folder)) {
    if (!existsSync(dirname(folder))) {
      throw new DroverError('STORE_FOLDER_MISSING', `the store's folder ${folder} does not exist, nor does its parent`, {
        details: { file },
      })
    }
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 })
    } catch (cause) {
      throw new DroverError('STORE_READ_ONLY', `the store's folder ${folder} cannot be made`, { cause, details: { file } })
    }
  }
  if (!statSync(folder).isDirectory()) {
    throw new DroverError('STORE_FOLDER_MISSING', `${folder} is not a folder`, { details: { file } })
  }
  const present = existsSync(file)
  if (present && !statSync(file).isFile()) {
    throw new DroverError('STORE_NOT_A_DATABASE', `the store ${file} is not a file`, { details: { file } })
  }
  const names = present ? statSync(file).nlink : 1
  if (names > 1) {
    throw new DroverError(
      'STORE_FAILED',
      `the store ${file} has ${names} names (hard links): a process that opens it by another name does not see who works on it. ` +
        'Remove the other names, or use a copy of the file',
      { details: { file, names } },
    )
  }
  try {
    accessSync(folder, constants.W_OK)
    if (present) accessSync(file, constants.W_OK | constants.R_OK)
  } catch (cause) {
    throw new DroverError('STORE_READ_ONLY', `the store ${file} cannot be written: its file or its folder is read-only`, {
      cause,
      details: { file },
    })
  }
}

function checkOwner(db: Database.Database, file: string): void {
  // In one transaction, because another process may be creating the tables of the same new file.
  const look = db.transaction(() => ({
    owner: db.pragma('application_id', { simple: true }),
    tables: db.prepare<[], number>('SELECT count(*) FROM sqlite_master').pluck().get(),
  }))
  const { owner, tables } = patiently(look)
  if (owner !== applicationId && (owner !== 0 || tables !== 0)) {
    throw new DroverError('STORE_NOT_A_DATABASE', `the store ${file} is a database of another program`, { details: { file } })
  }
  patiently(() => checkVersion(db, file))
}

function checkVersion(db: Database.Database, file: string): number {
  const version = db.pragma('user_version', { simple: true }) as number
  if (version > migrations.length) {
    throw new DroverError(
      'STORE_TOO_NEW',
      `the store ${file} has version ${version}; this drover knows versions up to ${migrations.length}: use a newer drover`,
      { details: { file, version, known: migrations.length } },
    )
  }
  return version
}

/** The first version with pages of labels. */
const labelled = 7

/**
 * Within a transaction: another process may have migrated since {@link checkOwner}.
 *
 * @returns whether it had to migrate
 */
function migrate(db: Database.Database, file: string): boolean {
  const version = checkVersion(db, file)
  if (version === migrations.length) return false
  for (const migration of migrations.slice(version)) db.exec(migration)
  if (version > 0) nameErrors(db)
  if (version > 0 && version < labelled) fillLabelPages(db)
  db.pragma(`application_id = ${applicationId}`)
  db.pragma(`user_version = ${migrations.length}`)
  return true
}

/** The small tables that everything depends on are checked at each open: a lost lane would not be noticed otherwise. */
function checkSmallTables(db: Database.Database, file: string): void {
  for (const table of ['lane', 'dataset', 'level', 'cursor', 'counter']) {
    const [said] = db.prepare<[], string>(`PRAGMA integrity_check(${table})`).pluck().all()
    if (said === 'ok') continue
    checkRead(`${said}`)
    throw new DroverError('STORE_FAILED', `the store ${file} is damaged (${table}: ${said}): continue with a backup copy`, {
      details: { file },
    })
  }
}

/**
 * Repeats an attempt that SQLite refuses with "busy" at once despite its timeout, because another process is opening the same new
 * file.
 */
function patiently<T>(attempt: () => T): T {
  for (let tries = 1; ; tries++) {
    try {
      return attempt()
    } catch (error) {
      if (!isBusy(error) || tries >= 500) throw error
      sleepSync(10)
    }
  }
}

function explained<T>(file: string, open: () => T): T {
  try {
    return open()
  } catch (cause) {
    if (DroverError.is(cause)) throw cause
    const details = { file }
    const code = codeOf(cause)
    if (code.startsWith('SQLITE_NOTADB')) {
      throw new DroverError('STORE_NOT_A_DATABASE', `the store ${file} is not an SQLite database`, { cause, details })
    }
    if (/^(SQLITE_READONLY|SQLITE_CANTOPEN|SQLITE_PERM|EACCES|EROFS|EPERM)/.test(code)) {
      throw new DroverError('STORE_READ_ONLY', `the store ${file} cannot be written: its file or its folder is read-only`, {
        cause,
        details,
      })
    }
    throw new DroverError('STORE_FAILED', `the store ${file} cannot be opened: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
      details,
    })
  }
}
