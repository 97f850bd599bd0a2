/**
 * Annotations as a workbook (Office Open XML): a sheet with the numbers, and sheets with the rows. It is zipped while it is made, so that
 * memory holds only a piece of it. All cells are texts or numbers, never formulas.
 */
import { strToU8, Zip, ZipDeflate } from 'fflate'
import type { Annotation } from './annotations.js'
import { columns } from './export-text.js'
import type { SeedStatistics } from './statistics.js'

/** The most rows of a sheet that spreadsheets open. */
const mostRows = 1_048_576
/** The most characters of a cell. */
const longestCell = 32_767

type Cell = string | number | boolean | null

const xml = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
const main = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main'
const relations = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'
const packages = 'http://schemas.openxmlformats.org/package/2006'
const sheetType = 'application/vnd.openxmlformats-officedocument.spreadsheetml'

export async function* workbook(
  rows: AsyncGenerator<Annotation, void, void>,
  statistics: SeedStatistics,
): AsyncGenerator<Uint8Array, void, void> {
  let made: Uint8Array[] = []
  let failure: Error | null = null
  const zip = new Zip((error, data) => {
    failure ??= error
    made.push(data)
  })
  const take = (): Uint8Array[] => {
    if (failure) throw failure
    const taken = made
    made = []
    return taken
  }
  const begin = (name: string): ZipDeflate => {
    const file = new ZipDeflate(name, { level: 1 })
    zip.add(file)
    return file
  }
  const add = (name: string, text: string): void => begin(name).push(strToU8(text), true)

  try {
    add('xl/worksheets/sheet1.xml', `${sheetHead}${summaryOf(statistics).map(rowXml).join('')}${sheetEnd}`)
    let sheets = 1
    let sheet: ZipDeflate | null = null
    let count = 0
    const next = (): ZipDeflate => {
      sheet?.push(strToU8(sheetEnd), true)
      count = 1
      const begun = begin(`xl/worksheets/sheet${++sheets}.xml`)
      begun.push(strToU8(sheetHead + rowXml([...columns])))
      return begun
    }
    sheet = next()
    for await (const row of rows) {
      if (count === mostRows) sheet = next()
      sheet.push(strToU8(rowXml(columns.map((column) => row[column]))))
      count++
      yield* take()
    }
    sheet.push(strToU8(sheetEnd), true)
    for (const [name, text] of partsOf(sheets)) add(name, text)
    zip.end()
    yield* take()
  } finally {
    await rows.return()
  }
}

const sheetHead = `${xml}<worksheet xmlns="${main}"><sheetData>`
const sheetEnd = '</sheetData></worksheet>'

function rowXml(cells: readonly Cell[]): string {
  return `<row>${cells.map(cellXml).join('')}</row>`
}

function cellXml(value: Cell): string {
  if (value === null) return '<c/>'
  if (typeof value === 'number') return `<c><v>${value}</v></c>`
  if (typeof value === 'boolean') return `<c t="b"><v>${value ? 1 : 0}</v></c>`
  return `<c t="inlineStr"><is><t xml:space="preserve">${escaped(whole(value.slice(0, longestCell)))}</t></is></c>`
}

/** Without half of a character, where it was cut. */
const whole = (text: string): string => text.replace(/[\uD800-\uDBFF]$/, '')

/** Without the characters that XML does not have. In a workbook `_x0041_` means the character with that number, so its `_` is escaped. */
function escaped(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '\uFFFD')
    .replace(/_(?=x[\dA-F]{4}_)/gi, '_x005F_')
    .replace(/[&<>\r]/g, (character) => `&#${character.charCodeAt(0)};`)
}

function summaryOf({ total_annotations, malformed_count, malformed_percentage, by_annotator, by_domain }: SeedStatistics): Cell[][] {
  const parts = (parts: SeedStatistics['by_domain']): Cell[][] =>
    Object.entries(parts).map(([name, { total, malformed }]) => [name, total, malformed])
  return [
    ['all workers', 'annotations', 'malformed', 'malformed %'],
    ['', total_annotations, malformed_count, malformed_percentage],
    ['annotator', 'annotations', 'malformed'],
    ...parts(by_annotator),
    ['domain', 'annotations', 'malformed'],
    ...parts(by_domain),
  ]
}

/** The parts that say what the others are. */
function partsOf(sheets: number): [name: string, text: string][] {
  const each = (make: (number: number) => string): string => Array.from({ length: sheets }, (_, index) => make(index + 1)).join('')
  const nameOf = (number: number): string => (number === 1 ? 'Summary' : number === 2 ? 'Annotations' : `Annotations ${number - 1}`)
  const override = (part: string, type: string): string => `<Override PartName="/${part}" ContentType="${sheetType}.${type}+xml"/>`
  return [
    [
      '[Content_Types].xml',
      `${xml}<Types xmlns="${packages}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>${override('xl/workbook.xml', 'sheet.main')}${each((number) => override(`xl/worksheets/sheet${number}.xml`, 'worksheet'))}</Types>`,
    ],
    [
      '_rels/.rels',
      `${xml}<Relationships xmlns="${packages}/relationships"><Relationship Id="rId1" Type="${relations}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
    ],
    [
      'xl/_rels/workbook.xml.rels',
      `${xml}<Relationships xmlns="${packages}/relationships">${each((number) => `<Relationship Id="rId${number}" Type="${relations}/worksheet" Target="worksheets/sheet${number}.xml"/>`)}</Relationships>`,
    ],
    [
      'xl/workbook.xml',
      `${xml}<workbook xmlns="${main}" xmlns:r="${relations}"><sheets>${each((number) => `<sheet name="${nameOf(number)}" sheetId="${number}" r:id="rId${number}"/>`)}</sheets></workbook>`,
    ],
  ]
}
