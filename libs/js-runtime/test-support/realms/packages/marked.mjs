import { Marked, marked } from 'marked';

const TEXT = `# Title *with* emphasis

- one
- [x] two
  1. nested \`code\`

> quote with [a link](https://example.org "title") and **bold**

| a | b |
|---|:-:|
| 1 | constructor |

\`\`\`js
const x = 1 < 2;
\`\`\`

~~gone~~ <https://example.org> toString __proto__ ![image](a.png)
`;

export default function workOut() {
  const own = new Marked({
    renderer: {
      heading({ tokens, depth }) {
        return `<h${depth} class="own">${this.parser.parseInline(tokens)}</h${depth}>`;
      },
    },
    extensions: [
      {
        name: 'shout',
        level: 'inline',
        start: (source) => source.indexOf('!!'),
        tokenizer(source) {
          const match = /^!!([^!]+)!!/.exec(source);
          return match ? { type: 'shout', raw: match[0], text: match[1] } : undefined;
        },
        renderer: ({ text }) => text.toUpperCase(),
      },
    ],
  });
  return [
    marked.parse(TEXT),
    marked.parse(TEXT.repeat(5)).length,
    own.parse(`${TEXT}\n!!loud!!`),
    marked.lexer(TEXT).map(({ type }) => type),
    marked.parseInline('*a* `b`'),
  ];
}
