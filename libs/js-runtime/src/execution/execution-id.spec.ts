import { executionIdOf } from './execution-id.ts';

const invalid: Error = expect.objectContaining({ code: 'INVALID_REQUEST' });

describe('executionIdOf', () => {
  it('gives an execution without an id a UUID of its own', () => {
    const [first, second] = [executionIdOf(undefined), executionIdOf(undefined)];
    expect(first).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(second).not.toBe(first);
  });

  it.each(['a', 'order-7', 'A.b_c:d-9', 'x'.repeat(128)])('takes the id %p', (id) => {
    expect(executionIdOf(id)).toBe(id);
  });

  it.each(['', ' ', 'a b', 'a/b', 'ä', 'a\n', 'x'.repeat(129), '<a>', 7, null, ['a']])('refuses the id %p', (id) => {
    expect(() => executionIdOf(id as string)).toThrow(invalid);
  });
});
