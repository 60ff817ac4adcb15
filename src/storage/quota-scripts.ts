import { RedisScript } from './redis-script.ts';

/** Of the keys whose time is over, so many are forgotten at once: others wait for Redis meanwhile. */
const MAX_FORGOTTEN = 200;

/** What a script answers with that has to be run again: nothing is done yet. */
export const AGAIN = 'again';

/*
 * What is kept of an owner beside its values, each a key of its own:
 *   1 sizes     hash: key -> bytes
 *   2 names     sorted set of the keys, all with the same score, so that Redis orders them by their bytes
 *   3 expiring  sorted set of the keys that have a time to live, by the last millisecond in which they are there
 *   4 total     sum of the sizes
 * ARGV[1] is what the Redis key of a value begins with; the key of the entry follows. The clock is that of Redis, and Redis
 * itself lets go of a value in the same millisecond in which it is no longer counted.
 */
const COMMON = `
local sizes, names, expiring, total = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local valuePrefix, name = ARGV[1], ARGV[2]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function forget(...)
  local sum = 0
  for _, bytes in ipairs(redis.call('HMGET', sizes, ...)) do sum = sum + (tonumber(bytes or nil) or 0) end
  redis.call('HDEL', sizes, ...)
  redis.call('ZREM', names, ...)
  redis.call('ZREM', expiring, ...)
  if redis.call('HLEN', sizes) == 0 then redis.call('DEL', total) else redis.call('DECRBY', total, sum) end
end

local over = redis.call('ZRANGEBYSCORE', expiring, '-inf', string.format('(%.0f', now), 'LIMIT', 0, ${MAX_FORGOTTEN})
if #over > 0 then forget(unpack(over)) end
local mayBeMore = #over == ${MAX_FORGOTTEN}
`;

/** ARGV: prefix, key, value as it is stored, bytes, ttlMs or '', maxKeys, maxBytes. Answers with what is exceeded, and what would be used. */
export const SET = new RedisScript(`${COMMON}
local value, bytes, ttl = ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local before = tonumber(redis.call('HGET', sizes, name) or nil)
local keys = redis.call('HLEN', sizes) + 1
local tooMany = not before and keys > tonumber(ARGV[6])
local growth = bytes - (before or 0)
local used = tonumber(redis.call('GET', total) or 0) + growth
local tooLarge = growth > 0 and used > tonumber(ARGV[7])
if (tooMany or tooLarge) and mayBeMore then return '${AGAIN}' end
if tooMany then return {'maxKeys', keys} end
if tooLarge then return {'maxBytes', used} end

-- First what Redis may refuse for want of memory: then nothing has changed.
if ttl then
  local last = string.format('%.0f', now + ttl)
  redis.call('SET', valuePrefix .. name, value, 'PXAT', last)
  redis.call('ZADD', expiring, last, name)
else
  redis.call('SET', valuePrefix .. name, value)
  redis.call('ZREM', expiring, name)
end
redis.call('HSET', sizes, name, bytes)
redis.call('ZADD', names, 0, name)
redis.call('SET', total, string.format('%.0f', used))
return {}
`);

/** ARGV: prefix, key. Answers with 1 if there was such a value, else 0. */
export const DELETE = new RedisScript(`${COMMON}
forget(name)
return redis.call('UNLINK', valuePrefix .. name)
`);

/** ARGV: prefix of values, prefix of keys, where to begin ('[' or '(' and a key), how many at most. Answers with the keys. */
export const LIST = new RedisScript(`${COMMON}
if mayBeMore then return '${AGAIN}' end
-- No key has this byte: they are UTF-8.
local last = '(' .. name .. string.char(255)
return redis.call('ZRANGEBYLEX', names, ARGV[3], last, 'LIMIT', 0, ARGV[4])
`);
