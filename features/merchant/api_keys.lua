-- Replaces Redis' copy of the API keys if the caller's are newer; returns the newer of both:
-- {revision, {hash, JSON, ...}}.
-- KEYS: revisions, keys. ARGV: the caller's revision, then hash and JSON of each of its keys.
local current = tonumber(redis.call('HGET', KEYS[1], 'keys') or 0)
local own = tonumber(ARGV[1])
if own > current then
  redis.call('DEL', KEYS[2])
  for i = 2, #ARGV, 2 do
    redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1])
  end
  redis.call('HSET', KEYS[1], 'keys', own)
  current = own
end
return {current, redis.call('HGETALL', KEYS[2])}
