/** Code of the docs under `strict`, against the types of the built package. */
import { relative } from 'node:path'
import ts from 'typescript'
import { root } from './markdown.js'
import { writeFiles } from './project.js'

/** Where a line of a file that is checked comes from. */
export type PlaceOf = (file: string, line: number) => string

/**
 * @param folder a project, see `makeProject`
 * @param preambles files of `test/docs/preamble`, whose globals all files have
 * @param files their paths
 * @returns the mistakes, each with its place
 */
export function mistakesIn(folder: string, preambles: string[], files: string[], placeOf: PlaceOf): string[] {
  writeFiles(folder, '.', new Map(preambles.map((name) => [name, ts.sys.readFile(`${root}/test/docs/preamble/${name}`) ?? ''])))
  const program = ts.createProgram([...preambles.map((name) => `${folder}/${name}`), ...files], {
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    moduleDetection: ts.ModuleDetectionKind.Force,
    types: ['node'],
    typeRoots: [`${folder}/node_modules/@types`],
    allowJs: true,
    checkJs: true,
    strict: true,
    noEmit: true,
    // What we publish is checked without it by `npm run package`.
    skipLibCheck: true,
  })
  return ts.getPreEmitDiagnostics(program).map(({ file, start, messageText }) => {
    const message = ts.flattenDiagnosticMessageText(messageText, '\n')
    if (!file || start === undefined) return message
    const path = relative(folder, file.fileName).replaceAll('\\', '/')
    return `${placeOf(path, file.getLineAndCharacterOfPosition(start).line + 1)}: ${message}`
  })
}
