/** The tables of quotas, of places in line, and of requests in flight. */
import type Database from 'better-sqlite3'
import type { Time } from '../../contract/basics.js'
import type { Amounts, QuotaSample, QuotaSpec, QuotaWindow } from '../../contract/quotas.js'
import { freshRecord, type QuotaRecord } from '../../quotas/quota.js'
import { type Flight, nameOf } from '../../quotas/waiter.js'
import type { WindowState } from '../../quotas/windows/open-window.js'

/** A place in line. */
export interface WaiterRow {
  client: string
  ticket: number
  seq: number
  priority: number
  choices: string[]
  amounts: Amounts
  host: string
  /** The process that answers it. */
  process: string
  aliveUntil: Time
}

export function quotaTables(db: Database.Database) {
  const selectData = db.prepare<[], number>('PRAGMA data_version').pluck()
  const selectCounter = db.prepare<[string], number>('SELECT value FROM counter WHERE name = ?').pluck()
  const upsertCounter = db.prepare<[string, number]>('INSERT OR REPLACE INTO counter (name, value) VALUES (?, ?)')
  const selectQuotas = db
    .prepare<[number], [name: string, spec: string, record: string | null, blockedUntil: Time]>(
      'SELECT name, spec, record, blocked_until FROM quota WHERE version > ?',
    )
    .raw()
  const upsertSpec = db.prepare<[string, string]>(
    'INSERT INTO quota (name, spec) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET spec = excluded.spec',
  )
  const updateRecord = db.prepare<[string, number, string]>('UPDATE quota SET record = ?, version = ? WHERE name = ?')
  const selectWindows = db.prepare<[string], [string, string]>('SELECT window, state FROM quota_window WHERE quota = ?').raw()
  const upsertWindow = db.prepare<[string, string, string]>('INSERT OR REPLACE INTO quota_window (quota, window, state) VALUES (?, ?, ?)')
  const selectPlaces = db
    .prepare<[Time], [string, number, number, number, string, string, string, string, Time]>(
      `SELECT client, ticket, seq, priority, choices, amounts, host, process, alive_until FROM quota_place WHERE alive_until > ?`,
    )
    .raw()
  const insertPlace = db.prepare<[string, string, number, number, number, string, string, string, string, Time]>(
    `INSERT OR REPLACE INTO quota_place (name, client, ticket, seq, priority, choices, amounts, host, process, alive_until)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const updatePlaces = db.prepare<[Time, string]>('UPDATE quota_place SET alive_until = ? WHERE process = ?')
  const deletePlace = db.prepare<[string]>('DELETE FROM quota_place WHERE name = ?')
  const deleteOver = db.prepare<[Time]>('DELETE FROM quota_place WHERE alive_until <= ?')
  const selectFlights = db.prepare<[], [string, number, string, string]>('SELECT client, ticket, host, quotas FROM quota_flight').raw()
  const insertFlight = db.prepare<[string, string, number, string, string]>(
    'INSERT OR REPLACE INTO quota_flight (name, client, ticket, host, quotas) VALUES (?, ?, ?, ?, ?)',
  )
  const deleteFlight = db.prepare<[string]>('DELETE FROM quota_flight WHERE name = ?')
  const selectRequest = db.prepare<[string], number>('SELECT request FROM quota_client WHERE client = ?').pluck()
  const upsertRequest = db.prepare<[string, number, Time]>('INSERT OR REPLACE INTO quota_client (client, request, at) VALUES (?, ?, ?)')
  const deleteRequests = db.prepare<[Time]>('DELETE FROM quota_client WHERE at < ?')
  const deleteRequest = db.prepare<[string]>('DELETE FROM quota_client WHERE client = ?')
  const selectLastSample = db.prepare<[string], Time>('SELECT max(at) FROM quota_sample WHERE quota = ?').pluck()
  const insertSample = db.prepare<[string, Time, string]>('INSERT OR REPLACE INTO quota_sample (quota, at, sample) VALUES (?, ?, ?)')
  const deleteSamples = db.prepare<[string, Time]>('DELETE FROM quota_sample WHERE quota = ? AND at < ?')

  function windowsOf(quota: string): Map<string, WindowState> {
    return new Map(selectWindows.all(quota).map(([label, state]) => [label, JSON.parse(state) as WindowState]))
  }

  return {
    windowsOf,
    /** Changes when another connection has committed something. */
    dataVersion: (): number | undefined => selectData.get(),
    /** Changes with each write of quotas. */
    version: (): number => selectCounter.get('quota') ?? 0,
    writeVersion: (version: number): unknown => upsertCounter.run('quota', version),
    /** The number of the last waiter. */
    line: (): number => selectCounter.get('quota line') ?? 0,
    writeLine: (line: number): unknown => upsertCounter.run('quota line', line),

    quotasSince(version: number): { spec: QuotaSpec; record: QuotaRecord; windows: Map<string, WindowState> }[] {
      return selectQuotas.all(version).map(([name, spec, record, blockedUntil]) => ({
        spec: readSpec(spec),
        // An earlier version stored only the end of a block.
        record: record === null ? { ...freshRecord, blockedUntil } : (JSON.parse(record) as QuotaRecord),
        windows: windowsOf(name),
      }))
    },
    writeSpec: (spec: QuotaSpec): unknown => upsertSpec.run(spec.name, JSON.stringify(spec)),
    writeRecord: (name: string, record: QuotaRecord, version: number): unknown => updateRecord.run(JSON.stringify(record), version, name),
    writeWindow: (quota: string, label: string, state: WindowState): unknown => upsertWindow.run(quota, label, JSON.stringify(state)),

    places: (at: Time): WaiterRow[] =>
      selectPlaces.all(at).map(([client, ticket, seq, priority, choices, amounts, host, process, aliveUntil]) => ({
        client,
        ticket,
        seq,
        priority,
        choices: JSON.parse(choices) as string[],
        amounts: JSON.parse(amounts) as Amounts,
        host,
        process,
        aliveUntil,
      })),
    insertPlace(row: WaiterRow): void {
      const { client, ticket, seq, priority, choices, amounts, host, process, aliveUntil } = row
      insertPlace.run(
        nameOf(row),
        client,
        ticket,
        seq,
        priority,
        JSON.stringify(choices),
        JSON.stringify(amounts),
        host,
        process,
        Math.ceil(aliveUntil),
      )
    },
    renewPlaces(process: string, aliveUntil: Time, at: Time): void {
      updatePlaces.run(Math.ceil(aliveUntil), process)
      deleteOver.run(at)
    },
    deletePlace: (name: string): unknown => deletePlace.run(name),

    flights: (): Flight[] =>
      selectFlights.all().map(([client, ticket, host, quotas]) => ({ client, ticket, host, quotas: JSON.parse(quotas) as string[] })),
    insertFlight: (flight: Flight): unknown =>
      insertFlight.run(nameOf(flight), flight.client, flight.ticket, flight.host, JSON.stringify(flight.quotas)),
    deleteFlight: (name: string): unknown => deleteFlight.run(name),

    lastRequest: (client: string): number | undefined => selectRequest.get(client),
    writeRequest: (client: string, request: number, at: Time): unknown => upsertRequest.run(client, request, at),
    deleteRequest: (client: string): unknown => deleteRequest.run(client),
    deleteRequestsBefore: (at: Time): unknown => deleteRequests.run(at),

    lastSample: (quota: string): Time | null => selectLastSample.get(quota) ?? null,
    /** Stores a sample, and deletes those before `from`. */
    writeSample(quota: string, sample: QuotaSample, from: Time): void {
      insertSample.run(quota, sample.at, JSON.stringify(sample))
      deleteSamples.run(quota, from)
    },
  }
}

/** Reads earlier versions too, where a bucket's size belonged to the quota and counted calls. */
function readSpec(text: string): QuotaSpec {
  const spec = JSON.parse(text) as QuotaSpec & { burst?: number | null }
  if (!('burst' in spec)) return spec
  const { name, windows, concurrency, burst } = spec
  const withBurst = (window: QuotaWindow): QuotaWindow => ({
    ...window,
    burst: typeof window.per === 'number' && window.unit === 'requests' ? (burst ?? null) : null,
  })
  return { name, windows: windows.map(withBurst), concurrency, within: [], adapt: null }
}
