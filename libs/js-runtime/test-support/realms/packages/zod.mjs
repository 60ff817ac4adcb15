import { z } from 'zod';

export default function workOut() {
  const user = z
    .object({
      id: z.uuid(),
      email: z.email(),
      age: z.coerce.number().int().min(0).optional(),
      tags: z.array(z.string().trim().toLowerCase()).default([]),
      role: z.enum(['admin', 'user']),
      address: z.discriminatedUnion('kind', [
        z.object({ kind: z.literal('home'), street: z.string() }),
        z.object({ kind: z.literal('none') }),
      ]),
      extra: z.record(z.string(), z.unknown()),
    })
    .strict()
    .refine(({ role, age }) => role !== 'admin' || (age ?? 0) >= 18, { message: 'too young', path: ['age'] });
  const good = {
    id: '8a6e0804-2bd0-4672-b79d-d97027f9071a',
    email: 'a@example.org',
    age: '30',
    tags: [' A '],
    role: 'admin',
    address: { kind: 'none' },
    extra: { toString: 1, constructor: 2 },
  };
  const issuesOf = (value) => {
    const { error } = user.safeParse(value);
    return error.issues;
  };
  let thrown;
  try {
    z.string().parse(1);
  } catch (error) {
    thrown = [
      error.name,
      error instanceof z.ZodError,
      error instanceof Error,
      error.message,
      typeof error.stack,
      String(error),
    ];
  }
  class Point {
    constructor(x) {
      this.x = x;
    }
  }
  const tree = z.object({
    value: z.number(),
    get children() {
      return z.array(tree);
    },
  });
  return [
    user.parse(good),
    issuesOf({ ...good, id: 'x', email: 'y', address: { kind: 'other' }, more: 1 }),
    issuesOf({ ...good, age: 3 }),
    thrown,
    z.prettifyError(user.safeParse({}).error),
    z.flattenError(user.safeParse({}).error),
    tree.parse({ value: 1, children: [{ value: 2, children: [] }] }),
    z.instanceof(Point).safeParse(new Point(1)).success,
    z
      .string()
      .transform((text) => text.length)
      .pipe(z.number().max(3))
      .safeParse('long text').success,
    z.map(z.string(), z.date()).parse(new Map([['a', new Date(0)]])).size,
    z.toJSONSchema(
      z.object({ a: z.number().nullable(), b: z.tuple([z.string(), z.bigint().optional()]).or(z.string()) }),
      { unrepresentable: 'any' },
    ),
    z.iso.datetime().safeParse('2020-01-01T00:00:00Z').success,
    z.templateLiteral(['v', z.number()]).safeParse('v12').success,
    z.function({ input: [z.number()], output: z.string() }).implement((n) => String(n))(3),
  ];
}
