import { PermissionRules, permissionRulesSchema } from './permission-rules.ts';

describe('PermissionRules', () => {
  it.each<[rules: readonly string[], permitted: readonly string[], refused: readonly string[]]>([
    [[], [], ['kv:get']],
    [['kv:get'], ['kv:get'], ['kv:set', 'kv:get:x', 'xkv:get', 'kv', 'KV:GET']],
    [['kv:*'], ['kv:get', 'kv:get:deep'], ['kv', 'kvx:get', 'http:get']],
    [['*'], ['kv:get', 'anything'], []],
    [['*:get'], ['kv:get', 'http:get'], ['kv:set', 'a:b:get']],
    [['a.b:c'], ['a.b:c'], ['axb:c']],
    [['*', '!kv:*'], ['http:get'], ['kv:get']],
    [['!kv:set', 'kv:*', 'kv:set'], ['kv:get'], ['kv:set']],
    [['!*', '*'], [], ['kv:get', 'kv:get:deep']],
    [
      ['*', '!kv'],
      ['http:get', 'kvx'],
      ['kv', 'kv:get', 'kv:get:deep'],
    ],
    [
      ['*', '!*:delete'],
      ['orders:list', 'orders:deleted'],
      ['orders:delete', 'orders:delete:all'],
    ],
  ])('%j', (rules, permitted, refused) => {
    const compiled = new PermissionRules(rules);
    // Twice: the second answer is remembered.
    for (let times = 0; times < 2; times++) {
      expect(permitted.filter((permission) => !compiled.permit(permission))).toEqual([]);
      expect(refused.filter((permission) => compiled.permit(permission))).toEqual([]);
    }
  });

  it('come as a list, or as text with commas', () => {
    expect(permissionRulesSchema.parse(' kv:*, !kv:set,')).toEqual(['kv:*', '!kv:set']);
    expect(permissionRulesSchema.parse('')).toEqual([]);
  });

  it.each(['kv:', ':get', 'kv get', '!!kv', 'kv:*x', '**', ''])('are not %j', (rule) => {
    expect(permissionRulesSchema.safeParse([rule]).success).toBe(false);
  });
});
