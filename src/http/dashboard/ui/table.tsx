/** A table that scrolls sideways within itself, with headings that sort. */
import type { ComponentChildren } from 'preact'

export interface Column<Row> {
  key: string
  title: string
  cell: (row: Row) => ComponentChildren
  /** Numbers stand to the right. */
  numeric?: boolean
  sortable?: boolean
  /** For a heading that is not text, such as a checkbox. */
  heading?: ComponentChildren
  /** Not shown on a phone. */
  wide?: boolean
}

export interface Sort {
  key: string
  down: boolean
}

export interface TableProps<Row> {
  label: string
  columns: Column<Row>[]
  rows: readonly Row[]
  rowKey: (row: Row) => string | number
  sort?: Sort | undefined
  onSort?: ((sort: Sort) => void) | undefined
  /** What to say when there are no rows. */
  empty?: ComponentChildren
  rowClass?: (row: Row) => string | undefined
}

export function Table<Row>({ label, columns, rows, rowKey, sort, onSort, empty = 'Nothing here', rowClass }: TableProps<Row>) {
  const classOf = ({ numeric, wide }: Column<Row>): string => [numeric && 'num', wide && 'wide'].filter(Boolean).join(' ')
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section class="table-box" aria-label={label} tabIndex={0}>
      <table>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.key} scope="col" class={classOf(column)} aria-sort={ariaSort(column, sort)}>
                {column.sortable && onSort ? (
                  <button
                    type="button"
                    class="sort"
                    onClick={() => onSort({ key: column.key, down: sort?.key === column.key ? !sort.down : column.numeric === true })}
                  >
                    {column.title}
                    <span aria-hidden="true">{sort?.key === column.key ? (sort.down ? ' ↓' : ' ↑') : ''}</span>
                  </button>
                ) : (
                  (column.heading ?? column.title)
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={rowKey(row)} class={rowClass?.(row)}>
              {columns.map((column) => (
                <td key={column.key} class={classOf(column)}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
          {rows.length === 0 && (
            <tr>
              <td class="empty" colSpan={columns.length}>
                {empty}
              </td>
            </tr>
          )}
        </tbody>
      </table>
    </section>
  )
}

const ariaSort = <Row,>({ key, sortable }: Column<Row>, sort: Sort | undefined) =>
  sortable ? (sort?.key === key ? (sort.down ? ('descending' as const) : ('ascending' as const)) : ('none' as const)) : undefined
