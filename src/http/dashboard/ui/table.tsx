/** A table that scrolls sideways within itself, with headings that sort. */
import { Component, type ComponentChildren } from 'preact'

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
  /** All that a row is made from: it is drawn again only when one of these is another. @defaultValue it is drawn each time */
  rowParts?: (row: Row) => readonly unknown[]
}

export function Table<Row>({ label, columns, rows, rowKey, sort, onSort, empty = 'Nothing here', rowClass, rowParts }: TableProps<Row>) {
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
            <Line key={rowKey(row)} row={row} columns={columns} class={rowClass?.(row)} parts={rowParts?.(row)} />
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

const classOf = <Row,>({ numeric, wide }: Column<Row>): string => [numeric && 'num', wide && 'wide'].filter(Boolean).join(' ')

interface LineProps<Row> {
  row: Row
  columns: Column<Row>[]
  class: string | undefined
  parts: readonly unknown[] | undefined
}

class Line<Row> extends Component<LineProps<Row>> {
  override shouldComponentUpdate({ parts }: LineProps<Row>): boolean {
    return !parts || parts.some((part, at) => part !== this.props.parts?.[at])
  }

  render({ row, columns, class: name }: LineProps<Row>) {
    return (
      <tr class={name}>
        {columns.map((column) => (
          <td key={column.key} class={classOf(column)}>
            {column.cell(row)}
          </td>
        ))}
      </tr>
    )
  }
}

const ariaSort = <Row,>({ key, sortable }: Column<Row>, sort: Sort | undefined) =>
  sortable ? (sort?.key === key ? (sort.down ? ('descending' as const) : ('ascending' as const)) : ('none' as const)) : undefined
