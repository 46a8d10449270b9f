-- Merges changed fields into the stored fields of products; replies the new revision.
-- KEYS: catalogue, catalogue changes, revisions. ARGV: product id and JSON of its fields, in turn.
local revision = redis.call('HINCRBY', KEYS[3], 'catalogue', 1)
for i = 1, #ARGV, 2 do
  local stored = redis.call('HGET', KEYS[1], ARGV[i])
  local fields = stored and cjson.decode(stored) or {}
  for name, value in pairs(cjson.decode(ARGV[i + 1])) do fields[name] = value end
  redis.call('HSET', KEYS[1], ARGV[i], cjson.encode(fields))
  redis.call('ZADD', KEYS[2], revision, ARGV[i])
end
return revision
