/** Labels and their agreement from the pages of codes, without reading results. */
import type Database from 'better-sqlite3'
import { codeOf, type LabelCounts, LabelTally, unlabelled } from '../../label-agreement.js'
import { labelOf } from '../../label-of.js'
import { codeIn, filledIn, noLabel, noResult, pageItems, uncoded } from '../label-pages.js'
import { Damage, found } from '../sqlite-errors.js'

interface LanePages {
  id: number
  annotator: string
  /** By number. */
  pages: Map<number, Uint8Array>
}

export function codedLabels(db: Database.Database) {
  const selectPages = db
    .prepare<[number], [page: number, codes: Buffer]>('SELECT page, codes FROM label_page WHERE lane = ? ORDER BY page DESC')
    .raw()
  const selectDone = db.prepare<[number], number>('SELECT done FROM lane WHERE id = ?').pluck()
  const selectText = db.prepare<[number], string>('SELECT text FROM label WHERE id = ?').pluck()
  const selectValue = db.prepare<[number, number], string>('SELECT value FROM result WHERE lane = ? AND item = ?').pluck()

  /** The latest pages of a lane, as many as have `most` results. @throws Damage if results are missing in them */
  function readLane(id: number, annotator: string, most: number): LanePages {
    const pages = new Map<number, Uint8Array>()
    let filled = 0
    for (const [page, codes] of selectPages.iterate(id)) {
      pages.set(page, codes)
      filled += filledIn(codes)
      if (filled >= most) return { id, annotator, pages }
    }
    const done = selectDone.get(id)
    if (filled !== done) throw new Damage(`lane ${id} should have ${done} rows of result, but ${filled} are counted by label`)
    return { id, annotator, pages }
  }

  /** The numbers of labels within one report. */
  function numbering() {
    const texts: string[] = []
    const ofTexts = new Map<string, number>()
    const ofCodes: number[] = []
    const numberOf = (text: string): number => {
      const number = codeOf(ofTexts, text)
      texts[number] = text
      return number
    }
    return {
      texts,
      ofCode(code: number): number {
        const number = ofCodes[code] ?? numberOf(found(selectText.get(code), `label ${code}`))
        ofCodes[code] = number
        return number
      },
      ofResult(lane: number, item: number): number {
        const label = labelOf(found(selectValue.get(lane, item), `the result of item ${item} of lane ${lane}`))
        return label === null ? unlabelled : numberOf(label)
      },
    }
  }

  /** @param lanes annotators by lane; @param most only the latest items with a result count */
  return (annotators: Readonly<Record<string, string>>, most: number): LabelCounts => {
    const lanes = Object.entries(annotators)
      .sort(([, a], [, b]) => (a < b ? -1 : 1))
      .map(([id, annotator]) => readLane(Number(id), annotator, most))
    const numbers = numbering()
    const tally = new LabelTally(lanes.map(({ annotator }) => annotator))
    const said = lanes.map(() => unlabelled)
    const pages = [...new Set(lanes.flatMap((lane) => [...lane.pages.keys()]))].sort((a, b) => b - a)
    let left = most
    for (const page of pages) {
      const own = lanes.map((lane) => lane.pages.get(page))
      for (let place = pageItems - 1; place >= 0 && left > 0; place--) {
        let isDone = false
        for (let index = 0; index < own.length; index++) {
          const codes = own[index]
          const code = codes ? codeIn(codes, place) : noResult
          said[index] = unlabelled
          if (code === noResult) continue
          isDone = true
          if (code === uncoded) said[index] = numbers.ofResult(lanes[index]?.id as number, page * pageItems + place)
          else if (code !== noLabel) said[index] = numbers.ofCode(code)
        }
        if (!isDone) continue
        left--
        tally.add(said)
      }
    }
    return tally.counts(numbers.texts)
  }
}
