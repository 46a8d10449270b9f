-- Redis' copy of a home's keys: who knows newer ones leaves them here, who knows older ones takes these.
-- KEYS: revisions, keys. ARGV: the caller's revision, then hash and JSON of each of its keys.
-- Returns {revision, {hash, JSON, ...}} of what stands.
local standing = tonumber(redis.call('HGET', KEYS[1], 'keys') or 0)
local own = tonumber(ARGV[1])
if own > standing then
  redis.call('DEL', KEYS[2])
  for place = 2, #ARGV, 2 do
    redis.call('HSET', KEYS[2], ARGV[place], ARGV[place + 1])
  end
  redis.call('HSET', KEYS[1], 'keys', own)
  standing = own
end
return {standing, redis.call('HGETALL', KEYS[2])}
