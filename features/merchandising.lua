-- Saves rules as the newest version, unless somebody saved since the caller looked.
-- Replies {1, new revision}, or {0, revision now}.
-- KEYS: merchandising, revisions. ARGV: JSON of the rules, expected revision or "", saved_at, versions kept.
local now = tonumber(redis.call('HGET', KEYS[2], 'merchandising') or 0)
if ARGV[2] ~= '' and tonumber(ARGV[2]) ~= now then return {0, now} end
local revision = redis.call('HINCRBY', KEYS[2], 'merchandising', 1)
local version = '{"revision":' .. revision .. ',"saved_at":"' .. ARGV[3] .. '","rules":' .. ARGV[1] .. '}'
redis.call('LPUSH', KEYS[1], version)
redis.call('LTRIM', KEYS[1], 0, ARGV[4] - 1)
return {1, revision}
