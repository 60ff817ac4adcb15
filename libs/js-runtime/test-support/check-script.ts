import ts from 'typescript';

export type ScriptFile = 'script.ts' | 'script.js';

/** One fault that the compiler finds, as `file:line message`. */
export type Fault = string;

export interface CheckOptions {
  readonly fileName?: ScriptFile;
  /** As a module, also when nothing is imported or exported. */
  readonly isModule?: boolean;
  readonly lib?: readonly string[];
}

/** Files of the compiler's own libraries, which are the same each time. */
const libraries = new Map<string, ts.SourceFile>();

/** What TypeScript's compiler says of a script, in strict mode, when all else it knows is these typings. */
export function faultsOf(typings: string, script: string, options: CheckOptions = {}): readonly Fault[] {
  const { fileName = 'script.ts', isModule = false, lib = ['lib.esnext.d.ts'] } = options;
  const sources = new Map([
    ['/script-api.d.ts', typings],
    [`/${fileName}`, script],
  ]);
  const compilerOptions: ts.CompilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    allowJs: true,
    checkJs: true,
    types: [],
    lib: [...lib],
    target: ts.ScriptTarget.ESNext,
    module: ts.ModuleKind.ESNext,
    moduleDetection: isModule ? ts.ModuleDetectionKind.Force : ts.ModuleDetectionKind.Auto,
  };
  const disk = ts.createCompilerHost(compilerOptions);
  const host: ts.CompilerHost = {
    ...disk,
    getCurrentDirectory: () => '/',
    fileExists: (path) => sources.has(path) || disk.fileExists(path),
    readFile: (path) => sources.get(path) ?? disk.readFile(path),
    getSourceFile: (path, language) => {
      const source = sources.get(path);
      return source === undefined
        ? libraryAt(path, () => disk.getSourceFile(path, language))
        : ts.createSourceFile(path, source, language);
    },
  };
  const program = ts.createProgram([...sources.keys()], compilerOptions, host);
  return [...program.getOptionsDiagnostics(), ...program.getGlobalDiagnostics(), ...faultsIn(program, sources)].map(
    textOf,
  );
}

function libraryAt(path: string, read: () => ts.SourceFile | undefined): ts.SourceFile | undefined {
  const file = libraries.get(path) ?? read();
  if (file) libraries.set(path, file);
  return file;
}

/** The compiler's libraries themselves are taken to be right. */
function faultsIn(program: ts.Program, sources: ReadonlyMap<string, string>): readonly ts.Diagnostic[] {
  return [...sources.keys()].flatMap((path) => {
    const file = program.getSourceFile(path);
    return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)];
  });
}

function textOf({ file, start = 0, messageText }: ts.Diagnostic): Fault {
  const message = ts.flattenDiagnosticMessageText(messageText, '\n').split('\n', 1).join('');
  return file ? `${file.fileName.slice(1)}:${file.getLineAndCharacterOfPosition(start).line + 1} ${message}` : message;
}
