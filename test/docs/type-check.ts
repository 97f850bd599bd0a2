/** Code of the docs under `strict`, against the types of the built package. */
import { relative } from 'node:path'
import ts from 'typescript'
import { root } from './markdown.js'
import { writeFiles } from './project.js'

/** Where a line of a file that is checked comes from. */
export type PlaceOf = (file: string, line: number) => string

/** Files of libraries as they were parsed: the largest part of what a check costs, and the same for each. */
const parsed = new Map<string, ts.SourceFile | undefined>()

function hostFor(options: ts.CompilerOptions, folder: string): ts.CompilerHost {
  const host = ts.createCompilerHost(options)
  const parse = host.getSourceFile
  host.getSourceFile = (name, ...more) => {
    if (name.startsWith(`${folder}/`)) return parse(name, ...more)
    if (!parsed.has(name)) parsed.set(name, parse(name, ...more))
    return parsed.get(name)
  }
  return host
}

/**
 * @param folder a project, see `makeProject`
 * @param preambles files of `test/docs/preamble`, whose globals all files have
 * @param files their paths
 * @returns the mistakes, each with its place
 */
export function mistakesIn(folder: string, preambles: string[], files: string[], placeOf: PlaceOf): string[] {
  writeFiles(folder, '.', new Map(preambles.map((name) => [name, ts.sys.readFile(`${root}/test/docs/preamble/${name}`) ?? ''])))
  const options: ts.CompilerOptions = {
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
    exactOptionalPropertyTypes: true,
    noEmit: true,
    // What we publish is checked without it by `npm run package`.
    skipLibCheck: true,
  }
  const program = ts.createProgram([...preambles.map((name) => `${folder}/${name}`), ...files], options, hostFor(options, folder))
  return ts
    .getPreEmitDiagnostics(program)
    .filter(isOurs)
    .map(({ file, start, messageText }) => {
      const message = ts.flattenDiagnosticMessageText(messageText, '\n')
      if (!file || start === undefined) return message
      const path = relative(folder, file.fileName).replaceAll('\\', '/')
      return `${placeOf(path, file.getLineAndCharacterOfPosition(start).line + 1)}: ${message}`
    })
}

/** Whether a mistake is not one between `@hono/node-server` and `@types/ws`, which differ in how they write what may be left out. */
function isOurs({ messageText }: ts.Diagnostic): boolean {
  return !ts.flattenDiagnosticMessageText(messageText, ' ').includes("is not assignable to type 'WebSocketServerLike'")
}
