import ts from 'typescript';

/**
 * The body of a function that returns what a classic script comes to: the value of the last statement, as far as there is one.
 * What is no script stays as it is.
 */
export function functionBodyOf(script: string): string {
  const file = ts.createSourceFile('script.js', script, ts.ScriptTarget.Latest, false, ts.ScriptKind.JS);
  const last = file.statements.at(-1);
  if (!last) return script;
  const edits = returnsOf(last, file).sort((a, b) => b.at - a.at);
  return edits.reduce((text, { at, insert }) => text.slice(0, at) + insert + text.slice(at), script);
}

interface Edit {
  readonly at: number;
  readonly insert: string;
}

function returnsOf(statement: ts.Statement | undefined, file: ts.SourceFile): Edit[] {
  if (!statement) return [];
  if (ts.isExpressionStatement(statement)) {
    const { expression } = statement;
    // In brackets, a line feed does not end it.
    return [
      { at: expression.getStart(file), insert: 'return (' },
      { at: expression.end, insert: ')' },
    ];
  }
  if (ts.isBlock(statement)) return returnsOf(statement.statements.at(-1), file);
  if (ts.isTryStatement(statement)) {
    return [...returnsOf(statement.tryBlock, file), ...returnsOf(statement.catchClause?.block, file)];
  }
  if (ts.isIfStatement(statement)) {
    return [...returnsOf(statement.thenStatement, file), ...returnsOf(statement.elseStatement, file)];
  }
  return [];
}
