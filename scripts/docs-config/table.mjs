/** A table in Markdown. What is not between backticks is plain text, but for `**`. */
export function table(head, rows) {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.map(escape).join(' | ')} |`).join('\n');
}

function escape(cell) {
  const parts = cell.split('`');
  return parts.map((part, index) => (index % 2 === 0 ? escapeText(part) : part.replaceAll('|', '\\|'))).join('`');
}

function escapeText(text) {
  return text.replace(/\*\*|[*|<]/g, (found) => (found === '**' ? found : `\\${found}`));
}
