-- Saves settings as the newest version, unless they were saved since the caller read them.
-- Replies {1, new revision}, or {0, current revision}.
-- KEYS: list of versions, revisions. ARGV: settings as JSON, expected revision or "", saved_at, versions
-- kept, name of the counter, who saved them as JSON.
local now = tonumber(redis.call('HGET', KEYS[2], ARGV[5]) or 0)
if ARGV[2] ~= '' and tonumber(ARGV[2]) ~= now then return {0, now} end
local revision = redis.call('HINCRBY', KEYS[2], ARGV[5], 1)
local saved = ',"saved_at":"' .. ARGV[3] .. '","saved_by":' .. ARGV[6]
local version = '{"revision":' .. revision .. saved .. ',"settings":' .. ARGV[1] .. '}'
redis.call('LPUSH', KEYS[1], version)
redis.call('LTRIM', KEYS[1], 0, ARGV[4] - 1)
return {1, revision}
