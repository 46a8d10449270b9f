-- Merges changed fields into the stored fields of products; replies the new revision.
-- What is said by language or market is merged by these: BY_NAME.
-- KEYS: catalogue, catalogue changes, revisions. ARGV: product id and JSON of its fields, in turn.
local BY_NAME = {translations = true, prices = true}
local function merge(fields, changes)
  for name, value in pairs(changes) do
    if BY_NAME[name] and type(fields[name]) == 'table' then
      for each, said in pairs(value) do fields[name][each] = said end
    else
      fields[name] = value
    end
  end
end
local revision = redis.call('HINCRBY', KEYS[3], 'catalogue', 1)
for i = 1, #ARGV, 2 do
  local stored = redis.call('HGET', KEYS[1], ARGV[i])
  local fields = stored and cjson.decode(stored) or {}
  merge(fields, cjson.decode(ARGV[i + 1]))
  redis.call('HSET', KEYS[1], ARGV[i], cjson.encode(fields))
  redis.call('ZADD', KEYS[2], revision, ARGV[i])
end
return revision
